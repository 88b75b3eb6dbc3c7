"""What an examination finds."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How much a finding matters, from nothing to do up to something that does not work."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(NamedTuple):
    """One thing found: `what` says it, `fix` what can be done, which may be a statement for the database's owner."""

    severity: Severity
    what: str
    fix: str = ""


def ok(what: str) -> Finding:
    """Say what is as it should be."""
    return Finding(Severity.OK, what)


def note(what: str, fix: str = "") -> Finding:
    """Say what is unusual and does no harm."""
    return Finding(Severity.NOTE, what, fix)


def warning(what: str, fix: str) -> Finding:
    """Say what is slow, or cannot be done here."""
    return Finding(Severity.WARNING, what, fix)


def problem(what: str, fix: str) -> Finding:
    """Say what keeps operations from being read."""
    return Finding(Severity.PROBLEM, what, fix)


def worst(findings: Iterable[Finding]) -> Severity:
    """Give the highest severity; ok where nothing was found."""
    order = list(Severity)
    return max((finding.severity for finding in findings), key=order.index, default=Severity.OK)
