"""Many viewers at once, each a user of their own: nobody meets an error or what is another's, and no kernel stays.

The ordinary run is short; OPSNB_TEST_SOAK=1 takes the full numbers.
"""

import asyncio
from pathlib import Path

import pytest

from support.acts import SOAK
from support.crowd import look, people, serving_crowd, wait_for_ends

SECONDS = 300 if SOAK else 5


@pytest.mark.timeout(900 if SOAK else 180)
def test_viewers_at_once_see_what_is_theirs_and_leave_nothing(tmp_path: Path) -> None:
    crowd = people(20 if SOAK else 4)
    with serving_crowd(tmp_path, crowd) as server:
        report = asyncio.run(look(server, crowd, SECONDS, think=0.5))
        assert report.errors == []
        assert set(report.served) == set(crowd)
        assert {"page", "filter", "detail", "back"} <= set(report.times)
        wait_for_ends(server, report)
    assert "Traceback" not in server.log
