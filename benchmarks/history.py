"""Deterministic histories, written by the database itself: the same rows in SQLite and in PostgreSQL.

Half a year of operations that ends at `NOW`, whatever the number of runs: 15 % failed, 300 live in the last five
minutes, one in ten thousand stuck (but at least 100), one in four failures retried, three in ten investigated; 40
types, 200 workspaces, 5,000 tenants and 800 initiators, the first of them the most frequent; contexts of 0.3 kB, one in
twenty of 1.5 kB, one in five thousand of 20 kB. Each dimension has a value with five runs and one with none.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000, "10m": 10_000_000}
VIEWER, MANAGER = "vera@example.test", "mona@example.test"
SPAN = 180 * 86400
WORKSPACES, TENANTS, INITIATORS, LIVE, LARGE, APART = 200, 5000, 800, 300, 5000, 37
VERBS = ("sync", "backup", "restore", "export", "import", "verify", "rotate", "provision")
NOUNS = ("inventory", "policies", "devices", "reports", "licenses")
TYPES = tuple(f"{noun}.{verb}" for verb in VERBS for noun in NOUNS)

# What a filter asks for, by how often it is there.
COMMON = {"type": TYPES[0], "tenant": 1, "workspace": 2, "initiator": "person.1@example.com"}
RARE = {"type": "rare.type", "tenant": TENANTS, "workspace": WORKSPACES, "initiator": "rare@example.com"}
ABSENT = {"type": "absent.type", "tenant": TENANTS - 1, "workspace": WORKSPACES - 1, "initiator": "nobody@example.com"}

_PRIME = 2**31 - 1
_FACTORS = (1_103_515_245, 1_299_709_321, 1_664_525_003, 1_812_433_253, 1_566_083_941, 1_442_695_041, 1_140_671_485,
            1_220_703_125, 1_989_060_073, 1_013_904_223)  # fmt: skip
_WORDS = "retrieving page of results from upstream; applying batch; verifying checksum; committing offset; "
_START = int(NOW.timestamp()) - SPAN


def _draw(number: int, of: int, i: str = "i") -> str:
    """Write a number from 0 to `of` - 1 that nobody would guess from `i`, in arithmetic that both databases share."""
    first = f"((({i}) * {_FACTORS[number]} + {number}) % {_PRIME})"
    return f"({first} * {first} % {_PRIME} % {of})"


def _skewed(number: int, of: int) -> str:
    """Write the same, the first numbers more often."""
    square = f"{_draw(number, 10_000)} * {_draw(number, 10_000)}"
    return f"({square} * {of} / 100000000)"


def _stuck(n: int, i: str) -> str:
    every = n // max(100, n // 10_000)
    return f"(({i}) % {every} = {every // 2})"


def _finished(n: int, i: str) -> str:
    return f"(({i}) <= {n - LIVE} AND NOT {_stuck(n, i)})"


def _failed(n: int, i: str = "i") -> str:
    return f"({_finished(n, i)} AND {_draw(0, 100, i)} BETWEEN 78 AND 92)"


def _rare(n: int, number: int, rare: str, usual: str) -> str:
    every = n // 5
    return f"CASE WHEN i % {every} = {every // 3 + number} THEN {rare} ELSE {usual} END"


def _word(number: str, words: Sequence[str]) -> str:
    return f"CASE {number} {' '.join(f'WHEN {at} THEN {word!r}' for at, word in enumerate(words))} END"


def _context(n: int) -> str:
    """Write a context as JSON text."""
    trace = f"substr('{_WORDS * 20}', 1 + CAST({_draw(6, 90)} AS integer), 1200)"
    triage = f"""CASE
        WHEN i > {APART} AND {_failed(n, f"i - {APART}")} AND {_draw(1, 4)} = 0 THEN
            ', "triage": {{"retry_of_run_id": ' || (i - {APART}) || '}}'
        WHEN {_failed(n)} AND {_draw(7, 1000)} < 300 THEN
            ', "triage": {{"investigated": {{"reason": "known, ticket OPS-' || {_draw(8, 9000)} || '",'
            || ' "by": "Mona", "by_id": 2, "at": "2026-11-20T09:00:00+00:00"}}}}'
        ELSE '' END"""
    codes = (
        "timeout",
        "rate limited",
        "permission denied",
        "upstream 502",
        "validation failed",
        "conflict",
        "no quota",
    )
    kind = _word(_draw(5, len(codes)), codes)
    error = f"""CASE WHEN {_failed(n)} THEN
        ', "error": {{"code": "E' || {_draw(5, 7)} || '", "message": "' || {kind} || ' while calling upstream '
        || {_draw(4, 16)} || ': request ' || ({_draw(9, 900_000_000)} + 100000000) || ' gave up after '
        || {_draw(6, 300)} || ' s"}}' ELSE '' END"""
    return f"""'{{"correlation_id": "' || {_draw(2, 2_000_000_000)} || '-' || {_draw(3, 2_000_000_000)}
        || '", "source": "scheduler-' || {_draw(4, 8)} || '", "region": "eu-' || {_draw(5, 4)}
        || '", "params": {{"batch": ' || {_draw(6, 1024)} || ', "dry_run": false, "scope": "all", "cursor": "'
        || {_draw(7, 2_000_000_000)} || '"}}, "counts": {{"total": ' || {_draw(8, 1000)} || ', "skipped": '
        || {_draw(9, 60)} || '}}, "host": "worker-' || {_draw(3, 128)} || '.internal.example.com"'
        || {error} || {triage}
        || CASE WHEN {_draw(2, 20)} = 0 THEN ', "log": "' || {trace} || '"' ELSE '' END || '}}'"""


_TIME = {"sqlite": "datetime({}, 'unixepoch')", "postgresql": "to_timestamp({})"}
_JSON = {"sqlite": "{}", "postgresql": "CAST({} AS jsonb)"}


def insert(dialect: str, n: int, first: int, last: int) -> str:
    """Write the statement that makes the runs from number `first` to `last` of a history of `n`."""
    created = f"({_START} + (i - 1) * {SPAN} / {n} - {_draw(3, 4)})"
    created = f"CASE WHEN i > {n - LIVE} THEN {_START + SPAN} - {LIVE} + i - {n - LIVE} ELSE {created} END"
    series = {
        "sqlite": f"n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})",
        "postgresql": f"n(i) AS (SELECT generate_series(CAST({first} AS bigint), {last}))",
    }[dialect]
    time, finished = _TIME[dialect], _finished(n, "i")
    queued = f"(NOT {finished} AND {_draw(1, 3)} = 0)"
    fate = _draw(0, 100)
    tenant = _rare(n, 1, str(RARE["tenant"]), f"1 + {_skewed(2, TENANTS - 2)}")
    workspace = _rare(n, 2, str(WORKSPACES), f"1 + tenant % {WORKSPACES - 2}")
    person = f"'person.' || (1 + {_skewed(9, INITIATORS)}) || '@example.com'"
    initiator = _rare(n, 3, f"'{RARE['initiator']}'", f"CASE WHEN {_draw(8, 5)} = 0 THEN NULL ELSE {person} END")
    type_ = _rare(n, 4, f"'{RARE['type']}'", _word(_skewed(1, len(TYPES)), TYPES))
    return f"""
        WITH RECURSIVE {series}, drawn AS (
            SELECT i, {created} AS created, {_draw(4, 60)} AS waited, 2 + {_draw(5, 30)} * {_draw(6, 30)} AS took,
                {tenant} AS tenant, {queued} AS queued, {finished} AS finished
            FROM n
        )
        INSERT INTO operation_runs (id, workspace_id, tenant_id, initiator_name, type, status, outcome, context,
            created_at, started_at, completed_at)
        SELECT i, {workspace}, CASE WHEN {_draw(7, 20)} = 0 THEN NULL ELSE tenant END, {initiator}, {type_},
            CASE WHEN finished THEN 'completed' WHEN queued THEN 'queued' ELSE 'running' END,
            CASE WHEN NOT finished THEN 'pending' WHEN {fate} < 78 THEN 'succeeded' WHEN {fate} < 93 THEN 'failed'
                WHEN {fate} < 98 THEN 'partially_succeeded' ELSE 'blocked' END,
            {_JSON[dialect].format(_context(n))}, {time.format("created")},
            CASE WHEN queued THEN NULL ELSE {time.format("created + waited")} END,
            CASE WHEN finished THEN {time.format("created + waited + took")} END
        FROM drawn
    """


def places() -> tuple[list[tuple[int, str]], list[tuple[int, int, str]]]:
    """Give the rows of workspaces and of tenants."""
    workspaces = [(number, f"Workspace {number:03}") for number in range(1, WORKSPACES + 1)]
    tenants = [(number, 1 + number % (WORKSPACES - 2), f"{NOUNS[number % 5].capitalize()} tenant {number:04}")
               for number in range(1, TENANTS + 1)]  # fmt: skip
    return workspaces, tenants


def large(n: int) -> Iterator[tuple[int, str]]:
    """Give the number of each run that has a context of 20 kB, and the text that makes it so."""
    drawn = random.Random(7)
    for number in range(LARGE // 3, n + 1, LARGE):
        yield number, drawn.randbytes(10_000).hex()
