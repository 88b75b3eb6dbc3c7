"""What constraints.txt must hold: a pin for each package of the tests, which resolves on every Python admitted."""

import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ADMITTED = SpecifierSet(PROJECT["project"]["requires-python"])
# Each patch release counts: packages leave out early ones, such as the 3.11.2 of Debian 12.
PYTHONS = [
    {"python_full_version": f"3.{minor}.{patch}", "python_version": f"3.{minor}"}
    for minor in range(20)
    for patch in (0, 2, 4, 5, 9)
    if f"3.{minor}.{patch}" in ADMITTED
]
PINS: dict[str, list[Requirement]] = {}
for line in (ROOT / "constraints.txt").read_text().splitlines():
    if not line.startswith("#"):
        PINS.setdefault(canonicalize_name(Requirement(line).name), []).append(Requirement(line))


def is_for(pin: Requirement, python: dict[str, str]) -> bool:
    return pin.marker is None or pin.marker.evaluate(python)


def installed() -> dict[str, str]:
    """Version of each package that opsnb and the tests need, in the environment that runs this."""
    groups = PROJECT["project"]["optional-dependencies"].values()
    wanted = [*PROJECT["project"]["dependencies"], *(line for group in groups for line in group)]
    found: dict[str, str] = {}
    collect([*wanted, *PROJECT["dependency-groups"]["dev"]], found)
    return found


def collect(lines: Iterable[str], found: dict[str, str]) -> None:
    for name, extras in needed(lines):
        known = name in found
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        found[name] = package.version
        if not known or extras:
            mine = [line for line in package.requires or () if applies(Requirement(line), extras)]
            collect(mine, found)


def needed(lines: Iterable[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for line in lines:
        requirement = Requirement(line)
        yield canonicalize_name(requirement.name), frozenset(requirement.extras)


def applies(requirement: Requirement, extras: frozenset[str]) -> bool:
    return requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras or {""})


def test_everything_that_the_tests_need_is_pinned():
    missing = installed().keys() - PINS.keys()
    assert not missing, "pin these in constraints.txt: what is newest one day breaks the tests on the next"


def test_a_package_has_at_most_one_version_on_every_python():
    for pins in PINS.values():
        for python in PYTHONS if len(pins) > 1 else ():
            assert sum(is_for(pin, python) for pin in pins) <= 1, (pins, python)


def test_every_pin_can_be_installed_on_every_python_that_it_is_for():
    refused = [
        f"{pin} needs Python {supported}, which {python['python_full_version']} is not"
        for name, version in installed().items()
        for supported in [SpecifierSet(distribution(name).metadata.get("Requires-Python", ""))]
        for pin in PINS.get(name, ())
        if version in pin.specifier
        for python in PYTHONS
        if python["python_full_version"] not in supported and is_for(pin, python)
    ]
    assert not refused, "use a marker such as python_full_version, or raise requires-python"
