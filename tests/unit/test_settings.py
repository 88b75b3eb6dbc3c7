import re
from dataclasses import MISSING, fields
from datetime import timedelta
from pathlib import Path

import pytest

from opsnb.catalog import Catalog
from opsnb.errors import BadInput
from opsnb.settings import Settings
from opsnb.text import duration

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def write(folder: Path, toml: str) -> Path:
    path = folder / "opsnb.toml"
    path.write_text(toml, encoding="utf-8")
    return path


def test_the_defaults_hold_where_nothing_is_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings.load({}) == Settings()


def test_the_environment_wins_over_the_file(tmp_path):
    file = write(tmp_path, 'page_size = 20\nactor = "ada"\nqueued_limit = "5m"')
    found = Settings.load({"OPSNB_PAGE_SIZE": "30"}, file)
    assert (found.page_size, found.actor, found.queued_limit) == (30, "ada", timedelta(minutes=5))


def test_an_empty_variable_is_not_set():
    assert Settings.load({"OPSNB_PAGE_SIZE": ""}) == Settings()


def test_the_nearest_file_upwards_is_read(tmp_path, monkeypatch):
    write(tmp_path, "page_size = 7")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert Settings.load({}).page_size == 7


def test_a_variable_names_another_file(tmp_path):
    path = write(tmp_path, "page_size = 8")
    assert Settings.load({"OPSNB_CONFIG": str(path)}).page_size == 8


@pytest.mark.parametrize("word", ["1", "true", "Yes", " on "])
def test_a_flag_is_set_by_plain_words(word):
    assert Settings.load({"OPSNB_READ_ONLY": word}).read_only is True


def test_pairs_are_a_table_or_words_with_commas(tmp_path):
    names = {"operation_runs": "ops_runs", "tenants": "core.customers"}
    assert Settings.load({"OPSNB_TABLES": "operation_runs=ops_runs, tenants = core.customers,"}).tables == names
    file = write(tmp_path, '[tables]\noperation_runs = "ops_runs"\ntenants = "core.customers"')
    assert Settings.load({}, file).tables == names


def test_secret_keys_are_words_with_commas_or_a_list(tmp_path):
    assert Settings.load({"OPSNB_SECRET_KEYS": "pin, iban,"}).secret_keys == ("pin", "iban")
    assert Settings.load({}, write(tmp_path, 'secret_keys = ["pin"]')).secret_keys == ("pin",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("READ_ONLY", "maybe"),
        ("PAGE_SIZE", "0"),
        ("PAGE_SIZE", "501"),
        ("PAGE_SIZE", "ten"),
        ("COUNT_CAP", "0"),
        ("STATEMENT_TIMEOUT", "15"),
        ("STATEMENT_TIMEOUT", "0s"),
        ("STATEMENT_TIMEOUT", "30d"),
        ("LOCK_TIMEOUT", "0s"),
        ("LOCK_TIMEOUT", "30d"),
        ("QUEUED_LIMIT", "soon"),
        ("QUEUED_LIMIT", "200000w"),
        ("RUNNING_LIMIT", "200000w"),
        ("SCHEMA", "app; drop"),
        ("TABLES", "operation_run=x"),
        ("TABLES", "operation_runs"),
        ("TABLES", "operation_runs=a b"),
        ("TABLES", "operation_runs=a.b.c"),
        ("TABLES", "tenants=workspaces"),
        ("LOGINS", "ada"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name, value):
    with pytest.raises(BadInput, match=f"OPSNB_{name}"):
        Settings.load({f"OPSNB_{name}": value})


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("page_siz = 20", "there is no setting 'page_siz'. Did you mean 'page_size'?"),
        ("page_size = true", "page_size must be a whole number"),
        ("actor = 5", "actor must be text"),
        ("secret_keys = 5", "secret_keys must be a list of words"),
        ("types = 5", "types must hold one table per operation type"),
        ("[types]\nx = 5", "types must hold one table per operation type"),
        ("page_size = ", "is not valid TOML"),
    ],
)
def test_a_bad_file_is_refused_with_its_name(tmp_path, toml, said):
    file = write(tmp_path, toml)
    with pytest.raises(BadInput) as caught:
        Settings.load({}, file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_file_that_is_missing_or_not_text_is_refused_with_its_name(tmp_path):
    with pytest.raises(BadInput, match=r"missing\.toml cannot be read: No such file"):
        Settings.load({}, tmp_path / "missing.toml")
    (tmp_path / "opsnb.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="is not valid TOML"):
        Settings.load({}, tmp_path / "opsnb.toml")


def shown(value: object) -> str:
    match value:
        case bool():
            return f"`{str(value).lower()}`"
        case timedelta():
            return f"`{duration(value).replace(' s', 's').replace(' min 00s', 'm')}`"
        case "" | None | ():
            return "empty"
        case tuple():
            return ", ".join(f"`{word}`" for word in value)
    return f"`{value}`"


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_the_page_of_settings_tells_each_with_variable_and_default(setting):
    assert setting.default is not MISSING
    variable = "file only" if setting.name == "types" else f"`OPSNB_{setting.name.upper()}`"
    row = f"| `{setting.name}` | {variable} | {shown(setting.default)} | {setting.metadata['doc']} |"
    assert row in PAGE.read_text(encoding="utf-8").splitlines()


def test_the_example_file_on_the_page_can_be_loaded(tmp_path):
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    found = Settings.load({}, write(tmp_path, example))
    catalog = Catalog.from_settings(found)
    assert catalog["report.nightly"].label == "Build the nightly report"
    assert catalog["report.nightly"].running_limit == timedelta(hours=2)
    assert catalog["inventory.sync"].label == "Sync device inventory"
    assert not catalog["inventory.sync"].retryable
