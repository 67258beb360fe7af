"""Spans: which a command and an event are, and below which they lie, counted from the envelope alone."""

from services.intake.consumer import consumer
from shared.bus.processor import Batch
from shared.bus.spans import first_event, spans_of
from shared.contract.commands.intake import WithdrawIssue
from shared.ids import span_id, trace_id
from shared.traces import Span
from tests.faults.given import ACCEPT, Played, asks, closing, line, notebook
from tests.said import issue_of, raiser, registration
from tests.unit.reference import JURISDICTION

ISSUE = "7K3M9QXT2B4N6"


def spans(batch: Batch) -> dict[str, Span]:
    """By name, the last of each."""
    return {span.name: span for span in spans_of(batch, 100.0, 101.0)}


async def test_a_registration_is_the_root_of_its_issue_and_its_events_lie_below_it() -> None:
    id = issue_of(JURISDICTION, "li", "first")
    asked = asks(id, registration(id, "漏水", "水管漏水"), "k", raiser("li"))
    found = spans(await Played(consumer(JURISDICTION)).deliver(asked))
    root, event = found["intake.register.v1"], found["issue.registered.v1"]
    assert (root.parent, root.is_command) == (0, True)
    assert (event.id, event.parent) == (span_id(first_event(id)), root.id)
    assert {span.trace for span in found.values()} == {trace_id(id)}


async def test_what_a_person_or_a_timer_asks_lies_below_the_issues_first_event() -> None:
    found = spans(await Played(notebook()).deliver(line(ISSUE, "one")))
    asked, event = found["intake.withdraw.v1"], found["issue.withdrawn.v1"]
    assert asked.parent == span_id(first_event(ISSUE))
    assert event.parent == asked.id


async def test_what_another_aggregate_asks_lies_there_too_for_its_cause_is_in_another_trace() -> None:
    service = Played(notebook())
    await service.deliver(asks(ISSUE, ACCEPT, "two"))
    sent = [out for out in service.published if out.topic == "intake.commands" and out.key == "y"]
    found = spans(await service.deliver(*sent))
    asked = found["intake.withdraw.v1"]
    assert asked.parent == span_id(first_event("y")) and asked.trace == trace_id("y")


async def test_delivered_twice_it_is_the_same_span() -> None:
    service = Played(notebook())
    first = spans(await service.deliver(line(ISSUE, "one")))
    again = spans(await service.deliver(line(ISSUE, "one")))
    assert again["intake.withdraw.v1"].id == first["intake.withdraw.v1"].id
    assert again["intake.withdraw.v1"].attributes["qinqing.status"] == "known"


async def test_another_owners_event_is_no_span_here_and_a_dead_letter_is_a_failed_one() -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    batch = await Played(notebook(write=fail)).deliver(closing(ISSUE, 1), line(ISSUE, "one"))
    found = spans_of(batch, 100.0, 101.0)
    assert [(span.name, span.failed) for span in found] == [("intake.withdraw.v1", True)]


async def test_a_span_says_ids_types_and_words_of_ours_alone() -> None:
    service = Played(notebook())
    batch = await service.deliver(asks(ISSUE, WithdrawIssue(reason="no"), "王小明的钥匙", "office:chen"))
    (span,) = spans_of(batch, 100.0, 101.0)
    assert span.attributes == {
        "qinqing.subject": ISSUE,
        "qinqing.type": "intake.withdraw.v1",
        "qinqing.status": "refused",
        "qinqing.reason": "illegal_move",
    }
