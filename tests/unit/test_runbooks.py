import json
from pathlib import Path

import pytest

from opsnb import runbooks
from opsnb.errors import BadInput


def write(folder: Path, name: str, about: object) -> None:
    (folder / name).write_text(json.dumps({"cells": [], "metadata": {"opsnb": about}}), encoding="utf-8")


def test_runbooks_are_notebooks_by_title(tmp_path):
    write(tmp_path, "b.ipynb", {"title": "restart a worker", "summary": "When it hangs.", "types": ["inventory.sync"]})
    write(tmp_path, "a.ipynb", {"title": "Warm up"})
    (tmp_path / "notes.txt").write_text("no notebook")
    restart, warm_up = runbooks.find(str(tmp_path))
    assert restart == (tmp_path / "b.ipynb", "restart a worker", "When it hangs.", ("inventory.sync",))
    assert warm_up.title == "Warm up"


def test_a_runbook_serves_its_types_and_one_without_types_serves_all(tmp_path):
    write(tmp_path, "a.ipynb", {"title": "A", "types": ["x"]})
    write(tmp_path, "b.ipynb", {"title": "B"})
    one, every = runbooks.find(str(tmp_path))
    assert (one.serves("x"), one.serves("y")) == (True, False)
    assert (every.serves("x"), every.serves("y")) == (True, True)


@pytest.mark.parametrize("about", [None, [], "x", {}, {"title": None, "types": "x"}])
def test_a_notebook_that_says_nothing_is_called_by_its_file(tmp_path, about):
    write(tmp_path, "free_disk-space.ipynb", about)
    (book,) = runbooks.find(str(tmp_path))
    assert (book.title, book.summary, book.types) == ("Free disk space", "", ())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"metadata": 5}', "no json", "[" * 100_000, '"metadata"'])
def test_a_broken_notebook_is_left_out(tmp_path, text):
    (tmp_path / "broken.ipynb").write_text(text)
    (tmp_path / "bytes.ipynb").write_bytes(b"\xff\xfe")
    (tmp_path / "folder.ipynb").mkdir()
    write(tmp_path, "good.ipynb", {"title": "Good"})
    assert [book.title for book in runbooks.find(str(tmp_path))] == ["Good"]


def test_a_missing_folder_is_refused_by_name(tmp_path):
    with pytest.raises(BadInput, match="gone does not exist; check the setting runbooks"):
        runbooks.find(str(tmp_path / "gone"))
