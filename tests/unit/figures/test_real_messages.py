"""1,712 real messages through supervision's clocks and the figures: the numbers are those counted apart from here."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.cli.figures.figures import replay_figures
from services.cli.figures.history import Issue
from services.cli.figures.reading import read
from services.supervision.consumer import consumer
from shared.contract.event import Event
from shared.domain.clocks import due_at
from shared.domain.decisions import Change, Context, Message
from shared.domain.reference import Reference
from tests.unit.figures.given import CALENDAR, POLICY, assigned, promised, registered, replied, signed
from tests.unit.reference import JURISDICTION, make_reference

MESSAGES = Path(__file__).resolve().parents[4] / "shared" / "data" / "messages_replied.csv"

pytestmark = pytest.mark.skipif(
    not MESSAGES.exists(), reason=f"the real messages are not part of the project; {MESSAGES} is absent"
)

SUPERVISION = consumer(JURISDICTION, history=True).aggregates[0]


def play(sent: datetime, answered: datetime, reference: Reference) -> Issue:
    """Registered, assigned and signed at submission, answered at the reply's time; clocks fire between."""
    policy = reference.policies.at(sent)
    limit = policy.limits["promise"]
    promise = promised(
        sent, due_at=due_at(sent, limit, policy, CALENDAR).at, limit=str(limit), policy=policy.version
    )
    watched, known = None, None

    def tell(events: Iterable[Event], at: datetime) -> None:
        nonlocal known
        for event in events:
            known = read(known, event, at)

    given = [(event, sent) for event in (registered(), promise, assigned(), signed())]
    for event, at in [*given, (replied(), answered)]:
        tell((event,), at)
        while (due := SUPERVISION.next_deadline(watched)) is not None and due.fire_at < at:
            fired = SUPERVISION.deadlines.expire(watched, due, Context("issue", due.fire_at, reference))
            watched = fired.state
            tell(_events(fired.messages), due.fire_at)
        change = SUPERVISION.events[type(event)](watched, event, Context("issue", at, reference))
        if isinstance(change, Change):
            watched = change.state
            tell(_events(change.messages), at)
    assert known is not None
    return known


def _events(messages: Iterable[Message]) -> list[Event]:
    return [message.body for message in messages if isinstance(message.body, Event)]


@pytest.mark.parametrize(
    ("limit", "on_time", "late", "april"), [("10wd", 1058, 654, 29), ("14d", 1039, 673, 28)]
)
def test_the_real_messages_come_out_as_counted_by_hand(
    limit: str, on_time: int, late: int, april: int
) -> None:
    policy = POLICY.with_reply_limit(limit).model_copy(update={"grace_seconds": 0})
    reference = make_reference(policy)
    with MESSAGES.open(encoding="utf-8-sig", newline="") as file:
        pairs = [(row["submitted_at"], row["replied_at"]) for row in csv.DictReader(file)]
    instants = [[datetime.fromisoformat(at).astimezone(UTC) for at in pair] for pair in pairs]
    counts = replay_figures(play(sent, answered, reference) for sent, answered in instants)
    assert (counts["registered"], counts["replied"], counts["open"]) == (1712, 1712, 0)
    assert (counts["replied_on_time"], counts["replied_late"], counts["breaches"]) == (on_time, late, late)
    month = counts["months"]["2019-04"]
    assert (month["registered"], month["replied_on_time"]) == (44, april)
