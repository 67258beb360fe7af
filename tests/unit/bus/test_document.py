"""A document is written and read again without loss, and leaves out only what is empty."""

from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from shared.bus.document import (
    Document,
    Held,
    Published,
    Remembered,
    Sent,
    forget_published,
    read_document,
    write_document,
)
from shared.bus.records import Outgoing
from shared.domain.aggregates import AggregateType

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)


class Count(BaseModel):
    """A state with a default, which is not written."""

    n: int
    words: str = ""


KIND = AggregateType("issue", Count)
FULL = Document(
    "ABCDEFGHJKMNP",
    KIND,
    partition=0,
    version=6,
    state=Count(n=2),
    inbox={"http/office:chen/1": Remembered("digest", {"status": "done"})},
    read={("intake.events", "/huzhou/intake"): 3, ("intake.events", "/wuxing/intake"): 1},
    published={"dispatch.events": Published(4, "a" * 64)},
    outbox=(Sent("cause", ("dispatch.commands", 0, 7), (Outgoing("t", "k", b"{}", seq=4),)),),
    held=(Held("intake.events", "/huzhou/intake", 5, "2026-03-02T01:00:00.000Z", "早".encode(), 0, 9),),
    finished_at=AT,
    sweeps=1,
)


@pytest.mark.parametrize("partition", [0, 5])
def test_a_document_is_read_as_it_was_written(partition: int) -> None:
    document = FULL._replace(partition=partition)
    stored = write_document(document, "token")
    assert stored["partition"] == partition
    assert read_document(KIND, FULL.subject, partition, stored) == document._replace(version=7)


def test_empty_parts_are_left_out_and_defaults_of_the_state_too() -> None:
    stored = write_document(Document("ABCDEFGHJKMNP", KIND, 0, state=Count(n=1)), "token")
    assert set(stored) == {"_id", "kind", "v", "token", "partition", "state"}
    assert stored["state"] == {"n": 1}


def test_only_what_lies_below_the_committed_offset_leaves_the_outbox() -> None:
    kept = forget_published(FULL, {("dispatch.commands", 0): 7})
    assert kept.outbox == FULL.outbox
    assert forget_published(FULL, {("dispatch.commands", 1): 99}).outbox == FULL.outbox
    assert forget_published(FULL, {("dispatch.commands", 0): 8}).outbox == ()


def test_a_finished_document_with_an_outbox_is_swept_a_day_later_and_again_where_something_stays() -> None:
    document = FULL._replace(held=(), sweeps=0)
    first = document.next_deadline()
    assert first is not None and first.name == "sweep/1/due/1"
    assert (first.at - AT).days == 1
    again = document._replace(sweeps=1).next_deadline()
    assert again is not None and again.name == "sweep/2/due/1"
    assert document._replace(outbox=()).next_deadline() is None
    assert document._replace(finished_at=None).next_deadline() is None
