"""Few pages are made at once; a slow one keeps the others waiting for a moment only."""

import asyncio

import pytest

from opsnb.serve.limits import Turns
from opsnb.serve.refusal import Refusal


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
