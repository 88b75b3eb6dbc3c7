"""What the page on others' databases shows can be used as it stands."""

import re
from pathlib import Path

from opsnb.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "foreign-databases.md").read_text(encoding="utf-8")


def test_the_example_file_can_be_loaded(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "opsnb.toml"
    file.write_text(example, encoding="utf-8")
    found = Settings.load({}, file)
    assert (found.schema, found.tables["tenants"]) == (("app",), "core.customers")
    assert found.logins == {"ada": "ada@example.com"}


def test_the_example_variables_can_be_read():
    environ = dict(re.findall(r"(OPSNB_[A-Z]+)=(\S+?)`", PAGE.replace("\n", " ")))
    found = Settings.load({"OPSNB_CONFIG": "/dev/null", **environ})
    assert found.tables == {"operation_runs": "adm_operation_runs", "tenants": "core.customers"}
    assert (found.schema, found.logins) == (("app",), {"ada": "ada@example.com"})
