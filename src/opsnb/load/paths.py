"""Dotted paths into nested rows: ``build.branch`` is ``row["build"]["branch"]``, or a column of that very name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def get(row: Mapping[str, Any], path: str) -> Any:
    """Give the value at `path`, or None where there is none."""
    if path in row or "." not in path:
        return row.get(path)
    head, rest = path.split(".", 1)
    inner = row.get(head)
    return get(inner, rest) if isinstance(inner, dict) else None


def top(columns: Mapping[str, Any] | tuple[str, ...], path: str) -> str:
    """Name the column of the file that `path` leads into."""
    return path if path in columns else path.split(".", 1)[0]


def put(row: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Give a copy of `row` with `value` at `path`, making the objects on the way."""
    if path in row or "." not in path:
        return {**row, path: value}
    head, rest = path.split(".", 1)
    inner = row.get(head)
    return {**row, head: put(inner if isinstance(inner, dict) else {}, rest, value)}


def drop(row: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Give a copy of `row` without what is at `path`."""
    if path in row or "." not in path:
        return {key: value for key, value in row.items() if key != path}
    head, rest = path.split(".", 1)
    inner = row.get(head)
    return {**row, head: drop(inner, rest)} if isinstance(inner, dict) else dict(row)


def replace(value: Any, change: Callable[[Any], Any]) -> Any:
    """Give a copy of `value`, every plain value in it changed."""
    if isinstance(value, dict):
        return {key: replace(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [replace(inner, change) for inner in value]
    return change(value)
