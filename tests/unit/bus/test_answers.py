"""Whoever waits for an outcome is answered as soon as no crash can undo it, and not before."""

from collections.abc import Iterable
from typing import Any

import pytest
from pymongo.errors import DocumentTooLarge

from shared.bus.effects import Answer
from shared.bus.processor import Processor
from shared.bus.records import Outgoing
from shared.domain.aggregates import Consumer
from tests.faults.given import Played, line, notebook


class Watched(Played):
    """One service whose worker notes in which order it answers and publishes, and what is stored by then."""

    def start(self, consumer: Consumer) -> Processor:
        self.happened: list[str] = []
        processor = super().start(consumer)
        processor._answer = self._answered
        return processor

    def _answered(self, answers: Iterable[Answer]) -> None:
        stored = "stored" if self.store.documents else "nothing is stored"
        self.happened += [f"answered {one.outcome.get('reason', 'done')}, {stored}" for one in answers]

    async def _publish(self, outgoing: Iterable[Outgoing]) -> None:
        self.happened.append("published")
        await super()._publish(outgoing)


async def test_an_outcome_is_answered_when_it_is_stored_and_before_its_events_are_published() -> None:
    service = Watched(notebook())
    await service.deliver(line("a", "one"))
    assert service.happened == ["answered done, stored", "published"]


async def test_nobody_is_answered_where_the_store_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Watched(notebook())

    async def away(documents: Any) -> set[str]:
        raise ConnectionError("the store is away")

    monkeypatch.setattr(service.store, "write", away)
    with pytest.raises(ConnectionError):
        await service.deliver(line("a", "one"))
    assert service.happened == []


async def test_what_stands_in_its_dead_letter_alone_is_answered_when_that_is_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Watched(notebook())

    async def too_large(documents: Any) -> set[str]:
        raise DocumentTooLarge("not even its failure fits")

    monkeypatch.setattr(service.store, "write", too_large)
    await service.deliver(line("a", "one"))
    assert service.happened == ["published", "answered failed, nothing is stored"]


async def test_an_answer_before_a_publication_that_failed_is_given_again_and_the_event_goes_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Watched(notebook())

    async def away(outgoing: Any) -> None:
        raise ConnectionError("the broker is away")

    with monkeypatch.context() as patched:
        patched.setattr(service.processor, "_publish", away)
        with pytest.raises(ConnectionError):
            await service.deliver(line("a", "one"))
    before = list(service.happened)
    await service.read_again()
    assert before == ["answered done, stored"]
    assert service.happened == ["answered done, stored", "published"]
