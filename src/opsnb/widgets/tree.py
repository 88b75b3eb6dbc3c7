"""A context as a tree that a browser can unfold, bounded whatever its size."""

from __future__ import annotations

from typing import Any

from opsnb.queries.secret_shapes import MASK
from opsnb.text import visible

TEXT_LIMIT = 2_000
CHILDREN_LIMIT = 200
NODES_LIMIT = 4_000

Node = dict[str, Any]


def tree(value: Any) -> Node:
    """Give the root node of a masked JSON value.

    A node has `k` (key), `t` (kind: map, list, text, number, word, masked or more), `v` (text) and, for maps and
    lists, `c` (children).
    """
    return _Outline().node("", value)


class _Outline:
    def __init__(self) -> None:
        self._left = NODES_LIMIT

    def node(self, key: str, value: Any) -> Node:
        self._left -= 1
        match value:
            case dict():
                return self._branch(key, "map", [(visible(k, 200), v) for k, v in value.items()], "key")
            case list():
                return self._branch(key, "list", [(str(i), v) for i, v in enumerate(value)], "item")
            case _:
                return _leaf(key, value)

    def _branch(self, key: str, kind: str, items: list[tuple[str, Any]], noun: str) -> Node:
        room = max(0, min(CHILDREN_LIMIT, self._left))
        children = [self.node(k, v) for k, v in items[:room]]
        if len(items) > room:
            children.append({"k": "", "t": "more", "v": f"{len(items) - room:,} more; copy the context to see all"})
        count = f"{len(items):,} {noun}{'' if len(items) == 1 else 's'}"
        return {"k": key, "t": kind, "v": count, "c": children}


def _leaf(key: str, value: Any) -> Node:
    match value:
        case str() if value == MASK:
            return {"k": key, "t": "masked", "v": MASK}
        case str():
            cut = f" … {len(value) - TEXT_LIMIT:,} more characters" if len(value) > TEXT_LIMIT else ""
            return {"k": key, "t": "text", "v": visible(value[:TEXT_LIMIT]) + cut}
        case None | bool():
            return {"k": key, "t": "word", "v": {None: "null", True: "true", False: "false"}[value]}
        case _:
            return {"k": key, "t": "number", "v": str(value)[:TEXT_LIMIT]}
