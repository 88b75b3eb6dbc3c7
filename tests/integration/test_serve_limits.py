"""As many pages at once as were allowed, whoever comes at the same moment; the others are politely told to wait."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opsnb.errors import BadInput
from opsnb.serve.limits import read_limits
from support.serving import Server, serving_notebooks, write_notebooks

SECRET = "a-secret-of-the-proxys-own"
SLOW = "import time\nopen('slow', 'w').close()\ntime.sleep(10)"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "secret").write_text(SECRET)
    notebooks = write_notebooks(tmp_path / "notebooks", runs="print('here')", stuck=SLOW)
    identity = {"kind": "proxy", "secret_file": str(tmp_path / "secret")}
    with serving_notebooks(
        tmp_path, notebooks, identity=identity, preheat=1, max_kernels=4, max_kernels_per_user=2
    ) as running:
        running.wait_for_kernels(1)
        yield running


def ask(server: Server, user: str, page: str = "runs") -> tuple[int, str, str | None]:
    status, text, headers = server.get(f"/system/ops/{page}", **told(user))
    return status, text, headers["Retry-After"]


def told(user: str) -> dict[str, str]:
    return {"X-Forwarded-Email": user, "X-Opsnb-Secret": SECRET}


def test_pages_that_come_at_once_do_not_pass_the_limit(server: Server) -> None:
    with ThreadPoolExecutor(12) as crowd:
        answers = list(crowd.map(lambda number: ask(server, f"user-{number}@example.com"), range(12)))
    assert sorted(status for status, _, _ in answers) == [200] * 3 + [503] * 9
    server.wait_for_kernels(4)  # the one that waits for whoever comes next among them
    _, text, again = next(answer for answer in answers if answer[0] == 503)
    assert again is not None
    assert f'<meta http-equiv="refresh" content="{again}">' in text
    assert 'href="/system/ops/runs">Try now' in text


def test_a_seat_is_free_again_when_its_kernel_has_ended(server: Server) -> None:
    for number in range(2):
        assert ask(server, f"user-{number}@example.com")[0] == 200
    _, page, headers = server.get("/system/ops/runs", **told("leaves@example.com"))
    assert ask(server, "late@example.com")[0] == 503
    cookies = dict(re.findall(r"([\w-]+)=([^;]*)", " ; ".join(headers.get_all("Set-Cookie", []))))
    sent = {"Cookie": "; ".join(f"{name}={text}" for name, text in cookies.items()), "X-XSRFToken": cookies["_xsrf"]}
    kernel = re.search(r'"kernelId": "([\w-]+)"', page)
    assert kernel
    assert server.get(f"/voila/api/shutdown/{kernel[1]}", "POST", **told("leaves@example.com"), **sent)[0] == 204
    assert ask(server, "late@example.com")[0] == 200


def test_one_user_cannot_take_every_seat(server: Server) -> None:
    assert [ask(server, "greedy@example.com")[0] for _ in range(3)] == [200, 200, 429]
    assert ask(server, "modest@example.com")[0] == 200


def test_a_slow_page_does_not_keep_others_waiting(server: Server, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as other:
        slow = other.submit(ask, server, "slow@example.com", "stuck")
        while not (tmp_path / "notebooks" / "slow").exists():
            time.sleep(0.05)
        status, text, _ = ask(server, "quick@example.com")
        assert (status, bool(re.search("here", text))) == (200, True)
        assert not slow.done()
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
