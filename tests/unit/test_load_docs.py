"""The example in docs/loading.md does what the page says."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from opsnb.load import read_map
from opsnb.load.rows import RowReader

PAGE = Path(__file__).parents[2] / "docs" / "loading.md"


def test_the_map_of_the_page_reads_the_row_of_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    [toml] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    row, context = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    run = RowReader(read_map(toml), nul=False).run(row)
    assert json.loads(run["context"]) == context
    assert (run["status"], run["outcome"], run["type"]) == ("completed", "failed", "lint")
    assert (run["workspace"], run["tenant"], run["id"]) == ("bitcoin/bitcoin", "master", None)
    assert run["created_at"] == datetime(2025, 9, 4, 17, 25, 47, tzinfo=UTC)
