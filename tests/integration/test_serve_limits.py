"""As many pages at once as were allowed, whoever comes at the same moment; the others are politely told to wait."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from opsnb.errors import BadInput
from opsnb.serve.limits import read_limits
from support.serving import Server, serving_notebooks, write_notebooks
from support.visitors import Visitor

SECRET = "a-secret-of-the-proxys-own"
SLOW = """import time
from pathlib import Path
Path("slow").touch()
while not Path("on").exists():
    time.sleep(0.05)"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    notebooks = write_notebooks(folder / "notebooks", runs="print('here')", stuck=SLOW)
    limits = {"preheat": 1, "max_kernels": 4, "max_kernels_per_user": 2}
    with serving_notebooks(
        folder, notebooks, {"OPSNB_PROXY_SECRET": SECRET}, identity={"kind": "proxy"}, **limits
    ) as one:
        yield one


class Crowd:
    """Users who ask for pages; nobody closes theirs before the end of the test."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.open: list[Visitor] = []

    def ask(self, user: str, page: str = "runs") -> tuple[int, str, str | None]:
        """Ask for a page: the answer's status, its text, and after how many seconds to come again."""
        visitor = Visitor(self._server, **{"X-Forwarded-Email": f"{user}@example.com", "X-Opsnb-Secret": SECRET})
        status, text, headers = visitor.get(f"/system/ops/{page}")
        if status == 200:
            visitor.kernel = re.findall(r'"kernelId": "([\w-]+)"', text)[0]
            self.open.append(visitor)
        return status, text, headers["Retry-After"]


@pytest.fixture
def crowd(running: Server) -> Iterator[Crowd]:
    """Nobody has a page yet, and one kernel waits."""
    running.wait_for_kernels(1, 60)
    crowd = Crowd(running)
    yield crowd
    for visitor in crowd.open:
        visitor.end()


def test_pages_that_come_at_once_do_not_pass_the_limit(running: Server, crowd: Crowd) -> None:
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda number: crowd.ask(f"user-{number}"), range(12)))
    assert sorted(status for status, _, _ in answers) == [200] * 3 + [503] * 9
    running.wait_for_kernels(4)  # the one that waits for whoever comes next among them
    _, text, again = next(answer for answer in answers if answer[0] == 503)
    assert again is not None
    assert f'<meta http-equiv="refresh" content="{again}">' in text
    assert 'href="/system/ops/runs">Try now' in text


def test_a_seat_is_free_again_when_its_kernel_has_ended(crowd: Crowd) -> None:
    for user in ("user-0", "user-1", "leaves"):
        assert crowd.ask(user)[0] == 200
    assert crowd.ask("late")[0] == 503
    assert crowd.open.pop().end() == 204
    assert crowd.ask("late")[0] == 200


def test_one_user_cannot_take_every_seat(crowd: Crowd) -> None:
    assert [crowd.ask("greedy")[0] for _ in range(3)] == [200, 200, 429]
    assert crowd.ask("modest")[0] == 200


def test_a_slow_page_does_not_keep_others_waiting(running: Server, crowd: Crowd) -> None:
    with ThreadPoolExecutor(1) as other:
        slow = other.submit(crowd.ask, "slow", "stuck")
        while not (running.folder / "notebooks" / "slow").exists():
            time.sleep(0.05)
        status, text, _ = crowd.ask("quick")
        assert (status, bool(re.search("here", text))) == (200, True)
        assert not slow.done()
        (running.folder / "notebooks" / "on").touch()
        assert slow.result()[0] == 200


def test_one_user_may_not_have_more_than_there_is() -> None:
    with pytest.raises(BadInput, match="--max-kernels-per-user must not be more than the 3 pages"):
        read_limits(3, 4, one_viewer=False)


@pytest.mark.parametrize(("one_viewer", "each"), [(True, 12), (False, 3)])
def test_a_quarter_is_for_one_user_unless_all_are_the_same(one_viewer: bool, each: int) -> None:
    assert read_limits(12, None, one_viewer=one_viewer)[0].each == each


def test_kernels_that_wait_leave_room_for_pages() -> None:
    assert read_limits(5, None, 2, one_viewer=True)[0].total == 3
    with pytest.raises(BadInput, match="--max-kernels, which is 2, must be more than --preheat, which is 2"):
        read_limits(2, None, 2, one_viewer=True)
