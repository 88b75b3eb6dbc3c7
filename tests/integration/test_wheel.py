"""The wheel carries all that its user needs, and works from an empty folder."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from support.serving import environment, running

ROOT = Path(__file__).parents[2]
NEEDED = [
    "opsnb/demo/bitcoin-core-ci.jsonl.gz",
    "opsnb/notebooks/failures.ipynb",
    "opsnb/notebooks/run.ipynb",
    "opsnb/notebooks/runbooks.ipynb",
    "opsnb/notebooks/runs.ipynb",
    "opsnb/notebooks/stuck.ipynb",
    "opsnb/serve/template/index.html.j2",
    "opsnb/serve/template/message.html",
    "opsnb/serve/template/page.js",
    "opsnb/serve/template/theme.css",
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # hatchling is the whole of the build system; building in the tests' own environment asks no network for it.
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("opsnb-*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel alone; what it depends on comes from the environment of the tests."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    packages = next(folder.glob("lib/python*/site-packages"))
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index"]
    subprocess.run([*install, "--disable-pip-version-check", str(wheel)], check=True, timeout=120)
    # Their folder is named, not read for .pth files, of which one leads back to the clone.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_the_wheel_carries_notebooks_template_widgets_and_demo(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in NEEDED if name not in names] == []
    source = ROOT / "src"
    static = [
        str(path.relative_to(source)) for suffix in ("js", "css", "jinja") for path in source.rglob(f"*.{suffix}")
    ]
    runbooks = [f"opsnb/notebooks/runbooks/{path.name}" for path in (ROOT / "notebooks/runbooks").glob("*.ipynb")]
    assert [name for name in static + runbooks if name not in names] == []
    template = "data/share/jupyter/voila/templates/opsnb/index.html.j2"
    assert [name for name in names if name.endswith(template)]


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    unwanted = ("tests", ".pyc", ".ipynb_checkpoints", ".db", "Makefile")
    assert [name for name in zipfile.ZipFile(wheel).namelist() if any(word in name for word in unwanted)] == []


def test_the_wheel_makes_and_serves_the_demo_from_an_empty_folder(python: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [python, "-c", "import opsnb; print(opsnb.__file__)"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(where.stdout.strip()).is_relative_to(python.parents[1])
    opsnb = [str(python), "-c", "from opsnb.cli import main; main()"]
    made = subprocess.run(
        [*opsnb, "demo", "--database=demo.db", "--no-serve"],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    serve = [*opsnb, "serve", "--port=0", "--database=demo.db", "--actor=victor@contoso.example"]
    with running(tmp_path, serve, JUPYTER_PATH=shared()) as server:
        status, text, _ = server.get("/system/ops/runs")
        assert status == 200
        assert "Console: Operations: 50 on this page" in text, server.log
        assert str(ROOT) not in text


def shared() -> str:
    """Give the folder of Voila's own template, which an ordinary installation has beside the interpreter."""
    return str(Path(sysconfig.get_path("data")) / "share" / "jupyter")
