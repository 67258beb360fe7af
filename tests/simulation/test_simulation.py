"""Two hundred towns, each from its seed, each disturbed in its own way; QINQING_SEEDS asks for more."""

import os
from collections import Counter

import pytest

from services.dispatch.department.life import MOVES as DEPARTMENT_MOVES
from services.dispatch.issue.life import MOVES as DISPATCH_MOVES
from services.feedback.issue.life import MOVES as FEEDBACK_MOVES
from services.intake.issue.life import MOVES as INTAKE_MOVES
from tests.simulation.clients import RUBBISH
from tests.simulation.judging import Verdict, judge

SEEDS = int(os.environ.get("QINQING_SEEDS", "200"))
CHUNK = 10
COUNTS: Counter[str] = Counter()

MUST_HAPPEN = (
    *(
        f"fault {step} {how}"
        for step in ("write", "publish")
        for how in ("failed", "lost", "partial", "late")
    ),
    *(f"fault commit {how}" for how in ("failed", "lost")),
    *(f"fault {step} failed" for step in ("find", "count", "ends", "catch up")),
    *(f"crash in {step}" for step in ("find", "write", "publish", "commit", "count", "ends", "catch up")),
    *(f"crash in half a {step}" for step in ("write", "publish")),
    "crash at rest",
    "rebalance",
    "rebalance in mid-batch",
    "commit fenced",
    "freeze",
    "worker joins",
    "worker leaves",
    "topic delayed",
    "topic away with its batch",
    "storm",
    "read a week later",
    "last minute",
    "wish at random",
    "same key again",
    "same key, other body",
    "handler bug",
    "dead letter replayed",
    "dead letter discarded",
    "batch mixes topics",
    "write by a zombie",
    "events held",
    *(f"scribble {kind}" for kind in RUBBISH),
    "first start",
    "reference delayed",
    "reference followed",
    "version awaited",
    "policy published",
    "department renamed",
    "merger asked",
    "merger of held issues",
    "swept",
    "swept while something was on its way",
    "several thresholds at once",
    "promise by an older policy",
    "handed over",
    "given to a merged department",
)
EVENTS = (
    "issue.registered",
    "promise.started",
    "issue.accepted",
    "issue.rejected",
    "issue.withdrawn",
    "issue.assigned",
    "assignment.signed",
    "assignment.returned",
    "assignment.ruled",
    "assignment.transferred",
    "reply.drafted",
    "reply.signed_off",
    "reply.sent_back",
    "reply.checked",
    "reply.released",
    "rating.invited",
    "reply.rated",
    "rating.lapsed",
    "rework.asked",
    "rework.decided",
    "rework.refused",
    "issue.tracked",
    "issue.closed",
    "clock.started",
    "clock.warned",
    "clock.breached",
    "clock.breach_annulled",
    "clock.stopped",
    "department.published",
    "policy.published",
)
ASKED = {
    "issue": {*INTAKE_MOVES, *DISPATCH_MOVES, *FEEDBACK_MOVES},
    "department": {*DEPARTMENT_MOVES},
    "policy": {("published", "publish")},
}
"""Every move of every table, by the kind of aggregate of which it may be asked."""


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_whatever_happens_every_issue_keeps_its_promises(first: int):
    verdicts = [judge(seed) for seed in range(first, min(first + CHUNK, SEEDS))]
    for verdict in verdicts:
        COUNTS.update(verdict.counts)
    wrong: list[Verdict] = [verdict for verdict in verdicts if verdict.violations]
    assert not wrong, "\n".join(map(str, wrong))


def test_nothing_that_can_go_wrong_was_left_out():
    if sum(COUNTS.values()) == 0:
        pytest.skip("the seeds did not run in this process")
    missing = [name for name in MUST_HAPPEN if not COUNTS[name]]
    missing += [name for name in EVENTS if not COUNTS[f"event {name}.v1"]]
    assert missing == []


def test_every_move_that_may_be_asked_was_made_and_was_refused_somewhere():
    if sum(COUNTS.values()) == 0:
        pytest.skip("the seeds did not run in this process")
    verbs = {(kind, verb) for kind, moves in ASKED.items() for _, verb in moves}
    missing = [
        f"{kind} {verb} {how}"
        for kind, verb in sorted(verbs)
        for how in ("done", "refused")
        if not COUNTS[f"asked {kind} {verb} {how}"]
    ]
    assert missing == []
