"""Two versions of one service side by side on the same documents: nothing of the other one is lost."""

from collections.abc import AsyncIterator, Iterable, Sequence
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel

from shared.bus.document import Stored
from shared.bus.gateway import Request, sealed
from shared.bus.records import Outgoing, Record
from shared.bus.upgrades import Upgrades
from shared.contract.command import Redeliver
from shared.contract.commands.intake import WithdrawIssue
from shared.contract.event import EVENTS
from shared.contract.events.feedback import IssueClosed, ReworkAsked
from shared.domain.aggregates import AggregateState, AggregateType, Consumer
from shared.domain.decisions import Change, Context
from tests.faults.given import SOURCE, Notes, Played, closing, foreign_event, line, notebook, write_line


class Author(AggregateState):
    """Who wrote, as the old version knows them."""

    name: str


class Page(AggregateState):
    """One page, as the old version knows it."""

    lines: tuple[str, ...] = ()
    author: Author | None = None


class NewAuthor(Author):
    """The new version also knows where they work."""

    office: str = ""


class NewPage(Page):
    """The new version also counts."""

    author: NewAuthor | None = None
    words: int = 0


def pages(state: type[BaseModel]) -> Consumer:
    """The consumer of one version: every line is one word more, for the version that counts."""

    def write(page: Any, asked: WithdrawIssue, context: Context) -> Change[Any]:
        if page is None:
            page = state.model_validate({"author": {"name": "li", "office": "3"}})
        more = {"words": page.words + 1} if state is NewPage else {}
        return Change(page.model_copy(update={"lines": (*page.lines, asked.reason), **more}))

    return Consumer("intake", "huzhou", (), (AggregateType("issue", state, commands={WithdrawIssue: write}),))


async def test_an_old_worker_carries_on_what_a_new_one_keeps() -> None:
    played = Played(pages(NewPage))
    await played.deliver(line("a", "one"))
    document = await played.store.get("a")
    assert document is not None
    await played.change({**document, "reviewed": ["by", "a later version"]})
    played.start(pages(Page))
    await played.deliver(line("a", "two"))
    played.start(pages(NewPage))
    await played.deliver(line("a", "three"))
    document = await played.store.get("a")
    assert document is not None
    assert document["state"] == {
        "lines": ["one", "two", "three"],
        "author": {"name": "li", "office": "3"},
        "words": 2,
    }
    assert document["reviewed"] == ["by", "a later version"]


def again(out: Outgoing, key: str) -> Outgoing:
    """What a version that knows the type hands in when it starts (shared/service.py)."""
    request = Redeliver(topic=out.topic, partition=0, offset=0, value=out.value.decode(), seq=out.seq)
    return sealed(Request("a", request, "upgrade", "system:upgrade", key), SOURCE)


async def test_what_was_passed_over_is_applied_when_it_is_handed_in_after_the_upgrade(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played, unknown = Played(notebook()), closing("a", 1)
    with monkeypatch.context() as old:
        old.delitem(EVENTS, IssueClosed.type)
        await played.deliver(unknown, foreign_event("a", 2, ReworkAsked(round=1, person="p", reason="x")))
        document = await played.store.get("a")
        assert document is not None
        assert document["passed"] == [["feedback.events", "/huzhou/feedback", 1, IssueClosed.type, 0, 0, ""]]
        # A worker of the old version that still runs cannot apply it, and does not take it for done.
        assert (await played.outcome(again(unknown, "k")))["status"] == "void"
    await played.deliver(again(unknown, "k"))
    await played.deliver(again(unknown, "k"))
    assert await played.lines("a") == ("closed 1",)
    document = await played.store.get("a")
    assert document is not None
    assert "passed" not in document
    assert document["read"] == [["feedback.events", "/huzhou/feedback", 2]]


async def test_what_must_be_understood_is_held_with_all_that_follows_and_released_after_the_upgrade(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = Played(notebook())
    unknown = closing("a", 1, mustunderstand=True)
    with monkeypatch.context() as old:
        old.delitem(EVENTS, IssueClosed.type)
        await played.deliver(unknown)
        await played.deliver(closing("a", 2, mustunderstand=True))
        document = await played.store.get("a")
        assert document is not None
        assert len(document["held"]) == 2
    await played.deliver(again(unknown, "k"))
    assert await played.lines("a") == ("closed 1", "closed 2")


async def test_a_command_that_only_the_new_version_knows_is_done_when_it_is_handed_in_after_the_upgrade() -> (
    None
):
    played, sent = (
        Played(Consumer("intake", "huzhou", (), (AggregateType("issue", Notes),))),
        line("a", "one"),
    )
    assert (await played.outcome(sent))["reason"] == "failed"
    played.start(notebook(write=write_line))
    assert (await played.outcome(sent))["reason"] == "failed"
    request = Redeliver(topic=sent.topic, partition=0, offset=0, value=sent.value.decode())
    await played.deliver(sealed(Request("a", request, "deadletter", "operator:li", "r"), SOURCE))
    assert await played.lines("a") == ("one",)


async def test_of_an_event_that_was_handed_in_the_place_of_that_command_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played, unknown = Played(notebook()), closing("a", 1)
    await played.deliver(line("b", "one"), line("b", "two"))
    handed_in = again(unknown, "k")
    with monkeypatch.context() as old:
        old.delitem(EVENTS, IssueClosed.type)
        await played.deliver(handed_in)
    document = await played.store.get("a")
    assert document is not None
    (passed,) = document["passed"]
    assert passed[-3:] == [0, 2, "intake.commands"]
    asked: list[Request] = []
    upgrades = Upgrades(partial(documents_of, played), partial(records_at, played), partial(keep, asked))
    upgrades.assigned([0])
    await upgrades.hand_in()
    await played.deliver(*[sealed(request, SOURCE) for request in asked])
    assert await played.lines("a") == ("closed 1",)


async def documents_of(played: Played) -> AsyncIterator[Stored]:
    """Every document, as the store gives those with something passed over."""
    for id in list(played.store.documents):
        yield (await played.store.load([id]))[id]


async def records_at(played: Played, places: Iterable[tuple[str, int, int]]) -> AsyncIterator[Record]:
    """The records at these places."""
    for record in played.log:
        if (record.topic, record.partition, record.offset) in set(places):
            yield record


async def keep(asked: list[Request], requests: Sequence[Request]) -> None:
    """Post nothing yet."""
    asked += requests
