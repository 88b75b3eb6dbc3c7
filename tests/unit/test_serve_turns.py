"""Few pages are made at once; a slow one keeps others waiting for a moment only. While the server stops, none is."""

import asyncio

import pytest

from opsnb.database import Database
from opsnb.serve.health import Readiness
from opsnb.serve.limits import Seats, Turns
from opsnb.serve.refusal import Refusal
from opsnb.settings import Settings


async def waits(turns: Turns) -> None:
    async with turns.turn(), turns.turn():
        pass


def test_whoever_waits_too_long_is_refused_and_told_when_to_come_back() -> None:
    with pytest.raises(Refusal) as refused:
        asyncio.run(waits(Turns(1, patience=0.05, hold=60)))
    assert (refused.value.status_code, 8 <= (refused.value.retry or 0) <= 15) == (503, True)


def test_a_slow_page_gives_its_turn_up() -> None:
    asyncio.run(waits(Turns(1, patience=60, hold=0.05)))


def test_a_turn_that_was_given_up_is_not_given_back_again() -> None:
    async def crowd() -> None:
        turns = Turns(1, patience=0.1, hold=0.05)
        async with turns.turn():
            await asyncio.sleep(0.1)
        await asyncio.gather(*(together(turns) for _ in range(2)))

    running: list[int] = []

    async def together(turns: Turns) -> None:
        async with turns.turn():
            running.append(1)
            assert len(running) == 1
            await asyncio.sleep(0)
            running.pop()

    asyncio.run(crowd())


def test_while_the_server_stops_no_page_is_begun_and_the_load_balancer_is_told(tmp_path) -> None:
    seats = Seats(9, 9)
    seats.close()
    with pytest.raises(Refusal) as refused:
        seats.take("ada", lambda: True)
    assert (refused.value.status_code, refused.value.counted, refused.value.retry is None) == (503, "stopping", False)
    readiness = Readiness(Database(str(tmp_path / "none.db"), Settings()), lambda: True)
    readiness.stopping = True
    assert asyncio.run(readiness.trouble()) == "The server is being stopped."
