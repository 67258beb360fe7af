"""1,712 real messages through both hearts: the figures are those counted apart from this project."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.feedback.domain import Issue, learn
from services.feedback.figures import replay_figures
from services.supervision import domain as supervision
from shared.calendar import Calendar, base_calendar
from shared.clocks import Policy, default_policy, due_at
from shared.events import Event
from shared.moves import Context
from tests.unit.supervision.street import assigned, promised, registered, replied, signed

MESSAGES = Path(__file__).resolve().parents[4] / "shared" / "data" / "messages_replied.csv"

pytestmark = pytest.mark.skipif(
    not MESSAGES.exists(), reason=f"the real messages are not part of the project; {MESSAGES} is absent"
)


def play(sent: datetime, answered: datetime, policy: Policy, calendar: Calendar) -> Issue:
    """Registered, assigned and signed at submission, answered at the reply's time; clocks fire between."""
    rules = supervision.Rules(policy, calendar, timedelta(0))
    due = due_at(sent, policy.limits["promise"], policy, calendar).at
    promise = promised(sent, due, str(policy.limits["promise"]), calendar=calendar.version)
    watched = supervision.Issue(state=supervision.State.REGISTERED)
    known: Issue | None = None

    def tell(facts: tuple[Event, ...], at: datetime) -> None:
        nonlocal known
        for fact in facts:
            known = learn(known, fact, at)

    for fact, at in ((registered(), sent), (promise, sent), (assigned(), sent), (signed(), sent),
                     (replied(), answered)):  # fmt: skip
        tell((fact,), at)
        while (next := supervision.next_deadline(watched, rules)) is not None and next.fire_at < at:
            change = supervision.fire(watched, next, Context("issue", next.fire_at), rules)
            watched = change.state
            tell(change.events, next.fire_at)
        change = supervision.observe(watched, fact, at, rules)
        watched = change.state
        tell(change.events, at)
    assert known is not None
    return known


@pytest.mark.parametrize(
    ("limit", "on_time", "late", "april"), [("10wd", 1058, 654, 29), ("14d", 1039, 673, 28)]
)
def test_the_real_messages_come_out_as_counted_by_hand(
    limit: str, on_time: int, late: int, april: int
) -> None:
    policy, calendar = default_policy().with_reply_limit(limit), base_calendar()
    with MESSAGES.open(encoding="utf-8-sig", newline="") as file:
        pairs = [(row["submitted_at"], row["replied_at"]) for row in csv.DictReader(file)]
    instants = [[datetime.fromisoformat(at).astimezone(UTC) for at in pair] for pair in pairs]
    counts = replay_figures(play(sent, answered, policy, calendar) for sent, answered in instants)
    assert (counts["registered"], counts["replied"], counts["open"]) == (1712, 1712, 0)
    assert (counts["replied_on_time"], counts["replied_late"], counts["breaches"]) == (on_time, late, late)
    month = counts["months"]["2019-04"]
    assert (month["registered"], month["replied_on_time"]) == (44, april)
