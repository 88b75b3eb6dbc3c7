"""Evidence: one file that holds what the console shows of an operation, and nothing that it masks."""

import re
import resource
from base64 import b64decode
from functools import partial
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from opsnb.errors import AccessDenied, BadInput, RunNotFound
from opsnb.settings import SECRET_KEYS
from support.history import OUTSIDER, add_audit, add_people, add_run, add_runs, add_tenant, before, execute

HOSTILE = "<script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>\u202e"


def failure(**fields):
    times = {"created_at": before(hours=2), "started_at": before(minutes=110), "completed_at": before(minutes=100)}
    return {"outcome": "failed", **times, **fields}


def test_it_holds_what_happened_on_it_and_around_it(database, ops):
    parent = add_run(database, **failure(created_at=before(hours=5)))
    others = add_runs(database, [{"created_at": before(minutes=119 + n)} for n in (-20, -10, 10, 20)])
    context = {"error": {"message": "disk was full"}, "triage": {"retry_of_run_id": parent}}
    number = add_run(database, **failure(context=context))
    add_audit(database, number, "retry", status="refused", metadata={"refusal": "was retried already"})
    text = unescape(ops.evidence(number).html)
    for said in (
        f"Operation #{number}", "as of <time", "2026-11-23 14:00:00 UTC", "made by <bdi>Vera (vera@example.test)",
        "disk was full", "Started after 10 min 00 s in the queue", "Retry refused to Mona: was retried already",
        f"Operation #{parent} completed: failed", "mona@example.test", *(f'row">#{other}<' for other in others),
    ):  # fmt: skip
        assert said in text


def test_a_failure_is_shown_beside_its_group(database, ops):
    numbers = [add_run(database, **failure(context={"error": f"request {n} timed out"})) for n in (1, 2)]
    other = add_run(database, **failure(context={"error": "disk was full"}))
    html = ops.evidence(numbers[0]).html
    section = html[html.index("failures of its group") : html.index("Operations of its type")]
    assert [f"#{n}<" in section for n in (*numbers, other)] == [True, True, False]
    assert "failures of its group" not in ops.evidence(add_run(database)).html


def test_it_is_the_same_file_at_the_same_moment_and_is_referred_to_by_its_digest(database, ops, tmp_path):
    number = add_run(database, **failure())
    made = ops.evidence(number)
    assert made == ops.evidence(number)
    place = made.save(tmp_path / "evidence.html")
    assert sha256(place.read_bytes()).hexdigest() == made.sha256
    assert repr(made) == f"Evidence of Operation #{number} as of 2026-11-23 14:00:00 UTC, sha256 {made.sha256}"
    with pytest.raises(BadInput, match="cannot be written to"):
        made.save(tmp_path / "no" / "folder.html")


@pytest.mark.parametrize("kind", ["evidence", "notebook"])
def test_no_part_of_a_file_is_left_where_the_disk_is_full(database, ops, tmp_path, kind):
    number, place = add_run(database, **failure()), tmp_path / "file"
    made = ops.evidence(number)
    write = made.save if kind == "evidence" else partial(ops.incident_notebook, number)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # a file of more bytes fails as on a full disk
    try:
        with pytest.raises(BadInput, match="cannot be written to"):
            write(place)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not place.exists()
    write(place)
    assert place.stat().st_size > 1000


def test_a_device_that_cannot_be_written_is_left_alone(database, ops):
    with pytest.raises(BadInput, match="cannot be written to"):
        ops.evidence(add_run(database)).save("/dev/full")
    assert Path("/dev/full").is_char_device()


def test_without_a_path_it_lies_in_the_working_directory(database, ops, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    number = add_run(database)
    ops.evidence(number).save()
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".html"] == [
        f"evidence-{number}-20261123T140000Z.html"
    ]


def test_hostile_text_is_text(database, ops):
    tenant = add_tenant(database, 1, HOSTILE) if add_run(database) else 0
    fields = {"type": HOSTILE, "initiator_name": HOSTILE, "tenant_id": tenant}
    number = add_run(database, **failure(**fields, context={"error": HOSTILE, "<b>": 1}))
    add_audit(database, number, actor_name="<script>", metadata={"reason": "</td><script>"})
    html = ops.evidence(number).html
    assert not re.search(r"<(script|img|b>1|link|iframe|object)|\u202e", html)
    assert not re.search(r"""\s(href|src|on\w+|style)=""", re.sub(r">[^<]*<", "><", html))


def test_its_policy_lets_nothing_in_but_its_own_style(database, ops):
    html = ops.evidence(add_run(database)).html
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    (digest,) = re.findall(r"'sha256-([^']*)'", unescape(policy))
    assert b64decode(digest) == sha256(style.encode()).digest()
    assert policy.startswith("default-src 'none'; ")
    assert not re.search(r"url\(|@import", style)


VALUES = st.integers(10**12, 10**13).map(lambda number: f"hidden{number}")
JSON = st.recursive(
    st.dictionaries(st.sampled_from([*SECRET_KEYS, "X-Api-Key", "DB_PASSWORD"]), VALUES, min_size=1),
    lambda inner: st.dictionaries(st.sampled_from(["error", "params", "message", "list"]), inner | st.lists(inner)),
    max_leaves=6,
)


def test_no_secret_value_is_in_it(database, ops):
    number = add_run(database, **failure())

    @hypothesis(max_examples=30)
    @given(JSON, JSON)
    def hidden(context, details):
        execute(database, "DELETE FROM audit_logs")
        execute(database, "DELETE FROM operation_runs WHERE id <> :id", id=number)
        other = add_run(database, **failure(context=context))
        add_audit(database, other, metadata=details)
        assert "hidden" not in ops.evidence(other).html

    hidden()


def test_a_context_that_is_no_json_is_masked_too(sqlite, ops_on):
    add_people(sqlite)
    number = add_run(sqlite, **failure())
    execute(sqlite, "UPDATE operation_runs SET context = 'broken password=hidden1234 and on'")
    html = ops_on(sqlite).evidence(number).html
    assert "broken password=" in html
    assert "hidden1234" not in html


def test_it_asks_for_access_and_for_an_operation(database, ops, ops_on):
    number = add_run(database)
    with pytest.raises(AccessDenied):
        ops_on(database, OUTSIDER).evidence(number)
    with pytest.raises(RunNotFound):
        ops.evidence(number + 1)
