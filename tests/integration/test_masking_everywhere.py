"""Secrets are masked on every surface: screen, records, frames, notebooks and evidence."""

import json

import pytest

from opsnb import analysis, links
from opsnb.database import Database
from opsnb.links import Page
from opsnb.ops import Ops
from opsnb.settings import Settings
from opsnb.widgets.console import Console
from support.consoles import everything, send
from support.history import MANAGER, add_audit, add_people, add_run, before, execute

SECRETS = ("hunter2kx", "zebra9quux", "flamingo7vv", "badger4ww", "walrus8ss", "lemur5tt", "otter6rr", "gibbon3pp")
CONTEXT = {
    "error": {
        "message": "no login at postgres://app:hunter2kx@db with Authorization: Bearer zebra9quux\n"
        "password = my flamingo7vv"
    },
    "env": [{"name": "DB_PASSWORD", "value": "badger4ww"}],
    "args": ["--api-key", "walrus8ss"],
    "headers": {"Cookie": "a=1; sid=lemur5tt"},
    "log": "x\nteam_code: otter6rr\ny",
    "triage": {"investigated": {"by": "Mona", "at": "2026-11-23T13:00:00Z", "reason": "team_code=gibbon3pp was old"}},
}


@pytest.fixture
def failed(database: Database) -> int:
    add_people(database)
    times = {"created_at": before(hours=2), "started_at": before(minutes=110), "completed_at": before(minutes=100)}
    add_run(database, outcome="succeeded", created_at=before(hours=5))
    add_run(database, outcome="failed", created_at=before(hours=3), context={"error": CONTEXT["error"]})
    number = add_run(database, outcome="failed", context=CONTEXT, **times)
    for status, told in (("success", "reason"), ("refused", "refusal")):
        add_audit(database, number, "mark_investigated", status=status, metadata={told: "team_code=gibbon3pp was old"},
                  recorded_at=before(minutes=50))  # fmt: skip
    return number


@pytest.fixture
def own(database: Database, failed: int, ops_on) -> Ops:
    """With a name of a secret of the team's own, which nothing but its settings can know."""
    database.settings = Settings(secret_keys=(*Settings().secret_keys, "team_code"))
    return ops_on(database, MANAGER)


def _list(ops: Ops, _number: int) -> str:
    console = Console(ops)
    console.go(links.page(Page.FAILURES))
    return everything(console)


def _detail(ops: Ops, number: int) -> str:
    return everything(Console(ops, "run", number))


def _copied(ops: Ops, number: int) -> str:
    detail, sent = Console(ops, "run", number)._parts[2], []
    detail.send = lambda content, *_: sent.append(content)
    send(detail, type="copy")
    return json.dumps(sent)


def _frames(ops: Ops, _number: int) -> str:
    page, groups = ops.failures(), ops.failure_groups()
    return f"{page.to_frame().to_csv()} {page._repr_html_()} {groups.to_frame().to_csv()} {groups._repr_html_()}"


def _runbooks(ops: Ops, number: int) -> str:
    pair = analysis.pair(ops, number)
    tables = (analysis.differences(pair, ops.masker.mask), analysis.history(pair.run), _clusters(ops))
    return pair.said + " ".join(table.to_csv() for table in tables)


def _clusters(ops: Ops):
    failures = analysis.gather(ops.failures)
    return analysis.error_clusters(failures.frame)


def _handover(ops: Ops, _number: int) -> str:
    return ops.handover("8h").to_markdown() + ops.handover("8h").to_frame().to_csv()


def _records(ops: Ops, number: int) -> str:
    run = ops.run(number)
    return f"{run.row} {run.audit()} {run.timeline()} {run!r} {ops.acts('8h')}"


SURFACES = {
    "list": (_list, "no login at postgres"),
    "detail": (_detail, "no login at postgres"),
    "copied context": (_copied, "no login at postgres"),
    "frames": (_frames, "no login at "),
    "runbooks": (_runbooks, "no login at "),
    "handover": (_handover, "no login at postgres"),
    "records": (_records, "no login at postgres"),
    "evidence": (lambda ops, number: ops.evidence(number).html, "no login at postgres"),
}


@pytest.mark.parametrize("surface", SURFACES)
def test_every_surface_masks(own, failed, surface):
    show, marker = SURFACES[surface]
    text = show(own, failed)
    assert marker in text
    assert [secret for secret in SECRETS if secret in text] == []
    # The reason of an act is shown, and its secret is not.
    if surface in ("detail", "records", "evidence"):
        assert "was old" in text


@pytest.mark.parametrize("show", [_detail, _copied])
def test_a_context_that_is_no_json_is_masked_too(sqlite, ops_on, show):
    add_people(sqlite)
    number = add_run(sqlite)
    execute(sqlite, "UPDATE operation_runs SET context = 'broken password=hunter2kx and on'")
    text = show(ops_on(sqlite), number)
    assert "broken password=" in text
    assert "hunter2kx" not in text


def test_failures_that_differ_in_a_secret_are_one_group(database, own):
    before_ = len(own.failure_groups())
    for secret in ("hunter2kx", "flamingo"):
        add_run(database, outcome="failed", context={"error": f"no login as app with password={secret} today"})
    groups = own.failure_groups()
    assert len(groups) == before_ + 1
    group = next(one for one in groups if "as app" in one.error)
    assert (group.failures, len(own.failures(group=group.group).rows)) == (2, 2)
    assert f"failures of its group {group.group}" in own.evidence(group.example).html
