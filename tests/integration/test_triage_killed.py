"""Whoever acts is killed at any moment: a change and its audit row are both there, or neither.

The ordinary run kills 20 times; with OPSNB_TEST_SOAK=1 it is 200.
"""

import random
import time

import pytest

from opsnb.triage import Act
from support.acts import (
    PROCESSES,
    SOAK,
    add_mixed_runs,
    add_operators,
    assert_replays,
    attempt,
    audit,
    operator,
    ops_for,
    states,
    url_of,
    wait_until_alone,
)  # fmt: skip

KILLS = 200 if SOAK else 20
pytestmark = pytest.mark.timeout(900 if SOAK else 180)


def act_until_killed(url, run_ids, seed, report):
    """Act without end; report each act as soon as it is over."""
    ops, chance, known = ops_for(url, operator(0)), random.Random(seed), list(run_ids)
    while True:
        done = attempt(ops, chance.choice(list(Act)), chance.choice(known))
        known += [done.said] if (done.act, done.status) == (Act.RETRY, "success") else []
        report.send((done.act, done.run_id, done.status))


def reported(receiver):
    """Read what a child reported; what it was saying when it was killed counts no more."""
    found = []
    try:
        while receiver.poll():
            found.append(receiver.recv())
    except EOFError:
        pass
    return found


def test_a_kill_at_any_moment_leaves_no_change_without_its_audit_row_nor_the_reverse(database):
    add_operators(database, 1)
    add_mixed_runs(database, 40)
    start, chance = states(database), random.Random(1)
    seen, before = 0, []
    for kill in range(KILLS):
        receiver, sender = PROCESSES.Pipe(duplex=False)
        child = PROCESSES.Process(
            target=act_until_killed, args=(url_of(database), list(states(database)), kill, sender)
        )
        child.start()
        sender.close()
        assert receiver.poll(30)
        time.sleep(chance.uniform(0, 0.05))
        child.kill()
        child.join()
        told = reported(receiver)
        receiver.close()
        child.close()
        wait_until_alone(database)

        rows = audit(database)
        written = [(row["action"].rpartition(".")[2], row["resource_id"], row["status"]) for row in rows[len(before) :]]
        assert written[: len(told)] == told, "an act was reported and is not on record"
        assert len(written) - len(told) <= 1
        assert_replays(database, start, rows)
        seen, before = seen + len(told), rows
    assert len(states(database)) > len(start)
    assert {row["status"] for row in before} == {"success", "refused"}
    assert seen > KILLS


def test_after_a_kill_the_next_operator_acts_at_once(database):
    add_operators(database, 1)
    run_ids = add_mixed_runs(database, 40)
    receiver, sender = PROCESSES.Pipe(duplex=False)
    child = PROCESSES.Process(target=act_until_killed, args=(url_of(database), run_ids, 5, sender))
    child.start()
    sender.close()
    assert receiver.poll(30)
    child.kill()
    child.join()
    receiver.close()
    ops = ops_for(url_of(database), operator(0))
    began = time.monotonic()
    attempt(ops, Act.MARK_INVESTIGATED, run_ids[0])
    assert time.monotonic() - began < 2
    ops.close()
