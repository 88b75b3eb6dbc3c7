"""A page carries what its kernel has sent for the screen, as data, and where the browser finds what draws it."""

import json
import re
from pathlib import Path
from typing import Any

from opsnb.database import Database
from support.history import VIEWER, add_people, add_recent_run
from support.serving import serving

HOSTILE = "</script><script>alert('&')</script><!--"


def parts(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        re.search(r'<script type="application/json">([^<>]*)</script><script>opsEarly\.draw', text)[1]
    )
    return found


def test_a_page_carries_what_is_on_its_screen(sqlite: Database, tmp_path: Path) -> None:
    add_people(sqlite)
    add_recent_run(sqlite, initiator_name=HOSTILE)
    path = "/system/ops/runs"
    with serving(
        tmp_path, f"--database={sqlite.url}", f"--actor={VIEWER}", "--base-url=/team", "--preheat=0"
    ) as server:
        _, text, headers = server.get(f"{path}?since=7d&search=alert")
        assert "no-store" in headers["Cache-Control"]
        navigation, shown = parts(text)
        assert navigation["state"]["state"]["address"] == f"{path}?since=7d&search=alert"
        assert [*shown["state"]["state"]["filters"]] == ["since", "search"]
        assert [row["initiator"] for row in shown["state"]["state"]["rows"]] == [HOSTILE]
        assert {"_esm", "_css"} & {*shown["state"]} == set()
        assert HOSTILE not in text
        status, module, headers = server.get(shown["module"].removeprefix("/team"))
        assert (status, headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
        assert headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert "export default" in module
        assert "export const styleOfPart" in module
        assert f'<link rel="modulepreload" href="{shown["module"]}">' not in text
        assert f'<link rel="modulepreload" href="{shown["module"]}">' in server.get(path)[1]
        assert server.get(f"/voila/parts/{'0' * 32}.js")[0] == 404
        [refused] = parts(server.get(f"{path}?since=never")[1])[1:]
        assert refused["state"]["state"].get("rows", []) == []
        assert "since" in refused["state"]["state"]["error"]
