"""Imports run one way: whoever reads a module need only know what stands above it here."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import opsnb

SOURCE = Path(opsnb.__file__).parent
LAYERS = (
    {"errors", "text", "place", "bounds", "scalars"},
    {"settings", "models", "notebooks_path", "names", "gate", "relations", "visit", "system_user"},
    {"catalog", "failures", "sqlitetimes"},
    {"stuck", "access", "links", "pgsession", "pgtext", "pgtimes", "engines", "database"},
    {"schema", "audit", "replica"},
    {"queries", "runbooks"},
    {"triage", "analysis", "evidence"},
    {"ops", "grants", "doctor"},
    {"connecting"},
    {"widgets"},
    {"serve", "load", "demo", "worker", "cli"},
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
# `ops.console()` makes the widget of its own `Ops`; the import waits until it is called.
EXCEPTIONS = {("ops", "widgets")}
MODULES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


def part(module: str) -> str:
    """Name the part of the package that a dotted name below ``opsnb`` belongs to."""
    return module.split(".")[1]


def name_of(path: Path) -> str:
    return ".".join(("opsnb", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")


def imported(tree: ast.AST) -> set[str]:
    """Give the dotted names that a module imports, anywhere but under TYPE_CHECKING."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        else:
            found |= imported(node)
    return found


def imports_of(path: Path) -> set[str]:
    return imported(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_run_one_way(path):
    own = part(name_of(path))
    for module in imports_of(path):
        if module.startswith("opsnb.") and module != "opsnb.__version__":
            other = part(module)
            assert RANK[other] <= RANK[own] or (own, other) in EXCEPTIONS, f"{own} may not import {module}"


def test_no_two_parts_import_each_other():
    used = {(part(name_of(path)), part(m)) for path in MODULES for m in imports_of(path) if m.startswith("opsnb.")}
    circles = {pair for pair in used - EXCEPTIONS if pair[0] != pair[1] and pair[::-1] in used - EXCEPTIONS}
    assert circles == set()


def below(part_: str) -> list[Path]:
    return [path for path in MODULES if part(name_of(path)) == part_]


@pytest.mark.parametrize(
    ("part_", "library"),
    [("widgets", "sqlalchemy"), ("queries", "anywidget"), ("queries", "ipywidgets"), ("ops", "pandas"),
     ("ops", "sqlalchemy"), ("connecting", "sqlalchemy")],
)  # fmt: skip
def test_a_part_does_not_know_a_library(part_, library):
    assert below(part_), f"there is no {part_}"
    users = {name_of(path) for path in below(part_) for module in imports_of(path) if module.split(".")[0] == library}
    assert users == set()


def test_only_frames_know_pandas():
    users = {name_of(path) for path in below("queries") for module in imports_of(path) if module == "pandas"}
    assert users == {"opsnb.queries.frames"}


def test_importing_opsnb_is_light():
    program = "import sys, opsnb; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    heavy = {"pandas", "numpy", "pyarrow", "voila", "anywidget", "ipywidgets", "psycopg"}
    assert "sqlalchemy" in loaded
    assert heavy & {*loaded} == set()
