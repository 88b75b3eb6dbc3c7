"""What a load balancer asks: whether the server lives, and whether it can show pages."""

import json
import subprocess
from pathlib import Path

import pytest

from support.serving import OPSNB, environment, serving, serving_notebooks, write_notebooks


@pytest.mark.parametrize("base", ["", "/team/ops"])
def test_a_server_with_its_database_is_alive_and_ready(tmp_path: Path, base: str) -> None:
    made = [*OPSNB, "init", "--database=runs.db"]
    subprocess.run(made, cwd=tmp_path, env=environment(tmp_path), check=True, capture_output=True)
    with serving(
        tmp_path, "--database=runs.db", "--identity=token", f"--base-url={base or '/'}", "--actor=vera"
    ) as server:
        server.root = server.root.partition("/system")[0]
        assert server.root.endswith(base)
        for path, answer in (("/healthz", {"alive": True}), ("/readyz", {"ready": True})):
            status, text, headers = server.get(path)
            assert (status, json.loads(text), headers["Cache-Control"]) == (200, answer, "no-store")
            assert headers["Server"] is None


def test_a_database_that_is_gone_makes_it_unready_and_is_not_named(tmp_path: Path) -> None:
    notebooks = write_notebooks(tmp_path / "notebooks", runs="1")
    with serving_notebooks(tmp_path, notebooks) as server:
        (tmp_path / "runs.db").write_text("this is no database" * 100)
        status, text, _ = server.get("/readyz")
        assert (status, json.loads(text)) == (503, {"ready": False, "reason": "The database does not answer."})
        assert server.get("/healthz")[0] == 200
        assert "not ready: " in server.log
