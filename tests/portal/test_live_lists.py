"""Lists that change while they are looked at: nothing twice, skipped or taken back, one drawing for all."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from services.portal.listing import LIVE, listed
from services.portal.once import Once
from services.portal.own import Kept
from services.portal.pages import Page, SignInFirst
from services.portal.queries import issues, positions
from services.portal.session import COOKIE, hash_of
from services.portal.unread import Unread
from services.portal.viewers import PAUSE_SECONDS, Viewers
from tests.portal.given import TEXT, TITLE, Given
from tests.portal.projection.given import AT, ISSUE

SECONDS = 20.0
OTHER = "AAAAAAAAAAAAA"
READERS = "supervisor"


class Somebody:
    """A signed-in person who opens a list of all issues, and what they are sent of it."""

    def __init__(
        self, given: Given, account: str = "shen", readers: str = READERS, language: str = "zh"
    ) -> None:
        self.given, self.account, self.readers, self.language = given, account, readers, language
        self.id = f"cookie-of-{account}"
        kept = Kept(account, "supervisor", "", account, "")
        given.own.sign_in(hash_of(self.id), kept, given.now)
        given.own.first_came(f"supervisor:{account}", given.now - timedelta(hours=2))
        self.drawn = 0

    def page(self, query: str = "", last: str = "") -> Page:
        """A request of theirs."""
        cookie = f"{COOKIE}={self.id}; qinqing_view={self.language}"
        headers = [(b"cookie", cookie.encode())]
        headers += [(b"last-event-id", last.encode())] if last else []
        scope = {"type": "http", "path": "/list", "query_string": query.encode(), "method": "GET"}
        return Page(
            self.given.portal, Request({**scope, "headers": headers, "server": ("h", 80), "scheme": "http"})
        )

    async def draw(self, page: Page) -> str:
        """Each issue with its state, in order of their ids."""
        self.drawn += 1
        cursor = page.reads.cursor()
        cursor.row_factory = sqlite3.Row
        rows = cursor.execute("SELECT id, state, moved_at FROM issue WHERE number IS NOT NULL ORDER BY id")
        return " ".join(f"{row['id'][0]}:{row['state']}{page.unread(row)}" for row in rows)

    async def follow(self, shown: str = "", last: str = "") -> AsyncIterator[Any]:
        """The messages of an open list."""
        answer = await listed(
            self.page(f"{LIVE}={shown}", last), "problem.html", self.draw, readers=self.readers
        )
        assert isinstance(answer, StreamingResponse)
        return answer.body_iterator.__aiter__()


class Message:
    """One message: its id and what it shows."""

    def __init__(self, text: str) -> None:
        lines = text.splitlines()
        self.id = lines[0].removeprefix("id: ")
        self.data = "\n".join(line.removeprefix("data: ") for line in lines[1:] if line)


async def following(messages: AsyncIterator[Any]) -> Message:
    """The next message but a heartbeat."""
    async with asyncio.timeout(SECONDS):
        while (message := await anext(messages)).startswith((":", "retry")):
            pass
    return Message(str(message))


async def waits(messages: AsyncIterator[Any]) -> "asyncio.Task[Message]":
    """Somebody who is waiting for the next message, and has not been sent one."""
    task = asyncio.create_task(following(messages))
    done, _ = await asyncio.wait({task}, timeout=0.2)
    assert not done, done
    return task


async def test_a_list_is_sent_whole_whenever_it_differs(given: Given) -> None:
    given.registered()
    messages = await Somebody(given).follow()
    first = await following(messages)
    assert first.data == "7:registered unread"
    waiting = await waits(messages)
    given.registered(OTHER)
    assert (await waiting).data == "7:registered unread A:registered unread"


async def test_what_changed_nothing_that_is_shown_sends_nothing(given: Given) -> None:
    given.registered()
    messages = await Somebody(given).follow()
    await following(messages)
    waiting = await waits(messages)
    given.shown.tell("intake", "enterprise.changed.v1", {"code": "x", "name": "y"}, "enterprise:x")
    await asyncio.wait({waiting}, timeout=PAUSE_SECONDS + 0.2)
    assert not waiting.done()
    given.accepted()
    assert (await waiting).data == "7:accepted unread"


async def test_who_comes_back_is_sent_nothing_that_was_shown_and_everything_that_was_missed(
    given: Given,
) -> None:
    given.registered()
    somebody = Somebody(given)
    first = await following(await somebody.follow())
    waiting = await waits(await somebody.follow(last=first.id))
    waiting.cancel()
    given.accepted()
    given.registered(OTHER)
    assert (await following(await somebody.follow(last=first.id))).data.startswith("7:accepted")


async def test_another_portal_over_the_same_log_goes_on_where_the_first_stopped(
    given: Given, tmp_path: Path
) -> None:
    given.registered()
    given.accepted()
    shown = await following(await Somebody(given).follow())
    other = tmp_path / "other"
    other.mkdir()
    behind = Given(other)
    behind.shown.topics = given.shown.topics  # the same log, of which this one has read nothing
    somebody = Somebody(behind)
    before = await waits(await somebody.follow(last=shown.id))
    behind.shown.apply()
    done, _ = await asyncio.wait({before}, timeout=PAUSE_SECONDS + 0.2)
    assert not done, "the same is not shown twice"
    given.assigned()
    behind.shown.apply()
    assert (await before).data == "7:in_progress unread"


async def test_a_portal_that_is_behind_takes_nothing_back(given: Given, tmp_path: Path) -> None:
    given.registered()
    early = list(given.shown.topics.records)
    given.accepted()
    shown = await following(await Somebody(given).follow())
    other = tmp_path / "other"
    other.mkdir()
    behind = Given(other)
    behind.shown.topics.records = early
    behind.shown.apply()
    waiting = await waits(await Somebody(behind).follow(last=shown.id))
    given.assigned()
    behind.shown.topics.records = given.shown.topics.records
    behind.shown.apply()
    assert (await waiting).data == "7:in_progress unread"


async def test_after_a_rebuild_a_list_goes_on(given: Given) -> None:
    given.registered()
    somebody = Somebody(given)
    messages = await somebody.follow()
    first = await following(messages)
    waiting = await waits(messages)
    given.shown.build_anew()
    resumed = await waits(await somebody.follow(last=first.id))
    given.accepted()
    assert (await waiting).data == (await resumed).data == "7:accepted unread"


async def test_a_hundred_open_lists_are_drawn_once_for_each_change(given: Given) -> None:
    given.registered()
    people = [Somebody(given, f"p{number}") for number in range(100)]
    streams = [await one.follow() for one in people]
    await asyncio.gather(*(following(stream) for stream in streams))
    assert sum(one.drawn for one in people) == 1
    waiting = [asyncio.create_task(following(stream)) for stream in streams]
    await asyncio.sleep(PAUSE_SECONDS + 0.1)
    given.accepted()
    assert {one.data for one in await asyncio.gather(*waiting)} == {"7:accepted unread"}
    assert sum(one.drawn for one in people) == 2


async def test_marks_of_what_is_unread_are_each_readers_own_in_a_shared_list(given: Given) -> None:
    given.registered()
    one, two = Somebody(given, "one"), Somebody(given, "two")
    row = issues.issue(given.shown.reader(), ISSUE)
    assert row is not None
    two.page().unread.opened(row)
    assert (await following(await one.follow())).data == "7:registered unread"
    assert (await following(await two.follow())).data == "7:registered"
    assert one.drawn + two.drawn == 1
    words = {"title": TITLE, "text": TEXT, "by": "wang"}
    given.shown.tell("intake", "issue.accepted.v1", words, at=AT + timedelta(minutes=1))
    assert (await following(await two.follow())).data == "7:accepted unread"


async def test_a_list_of_one_person_is_drawn_for_that_person(given: Given) -> None:
    given.registered()
    one, two = Somebody(given, "one", readers=""), Somebody(given, "two", readers="")
    await following(await one.follow())
    await following(await two.follow())
    assert (one.drawn, two.drawn) == (1, 1)


@pytest.mark.parametrize(
    "last", ["x", "0123456789abcdef~", "0123456789abcdef~intake.events=x", "é", "~" * 50]
)
async def test_an_id_that_is_none_is_like_no_id(given: Given, last: str) -> None:
    given.registered()
    assert (await following(await Somebody(given).follow(last=last))).data == "7:registered unread"


async def test_who_signed_out_is_sent_nothing_more(given: Given) -> None:
    given.registered()
    somebody = Somebody(given)
    messages = await somebody.follow()
    await following(messages)
    given.own.end(hash_of(somebody.id))
    given.accepted()
    with pytest.raises(StopAsyncIteration):
        await following(messages)
    with pytest.raises(SignInFirst):
        await somebody.follow()
    follows = {"Accept": "text/html, text/event-stream"}
    answer = await given.browser().client.get(f"/board?{LIVE}=", headers=follows)
    assert answer.status_code == 401, "a list that is led to a page of ours asks again at once, and for ever"
    assert len(given.portal.viewers) == 0


# ---------------------------------------------------------------- the parts


def test_positions_are_written_short_and_read_again() -> None:
    at = {"intake.events": (5, 0, 12), "deqing.dispatch.events": (7,)}
    assert positions.write(at) == "deqing.dispatch.events=7;intake.events=5.0.12"
    assert positions.read(positions.write(at)) == at
    assert positions.read("") == positions.read("x=;=1;intake.events=1.;Ä=1") == {}


def test_one_position_that_is_behind_is_enough() -> None:
    at = {"a.events": (5, 3)}
    assert positions.is_at_least({"a.events": (5, 4), "b.events": (1,)}, at)
    for behind in ({"a.events": (6, 2)}, {"a.events": (9,)}, {"b.events": (9, 9)}, {}):
        assert not positions.is_at_least(behind, at)


async def test_what_goes_wrong_once_is_tried_again_by_the_next() -> None:
    once, asked = Once(), 0

    async def make() -> int:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise ValueError("not yet")
        return asked

    with pytest.raises(ValueError, match="not yet"):
        await once.get("key", 1, make)
    assert [await once.get("key", version, make) for version in (1, 1, 2)] == [2, 2, 3]


async def test_who_leaves_keeps_nobody_else_from_what_is_being_made() -> None:
    once, go = Once(), asyncio.Event()

    async def make() -> str:
        await go.wait()
        return "made"

    first, second = (asyncio.create_task(once.get("key", 1, make)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    go.set()
    assert await second == "made"


def test_lists_leave_half_of_the_time_to_everything_else() -> None:
    viewers = Viewers()
    for number in range(100):
        viewers.begin(number)
    assert viewers.pause(0.02, 0.0) == pytest.approx(4.0)
    for number in range(99):
        viewers.end(number)
    assert viewers.pause(0.02, 0.0) == PAUSE_SECONDS


def test_all_who_look_at_a_list_wait_for_the_same_instant() -> None:
    viewers = Viewers()
    viewers.begin("a")
    ends = {round(now + viewers.pause(0.01, now), 6) for now in (3.01, 3.1, 3.29)}
    assert ends == {3.3}


async def test_the_page_of_an_issue_takes_its_mark_away_until_it_moves_again(given: Given) -> None:
    browser = given.browser()
    id = "cookie-of-shen"
    somebody = Somebody(given)
    browser.client.cookies.set(COOKIE, id, domain="127.0.0.1")
    given.registered()
    assert (await following(await somebody.follow())).data == "7:registered unread"
    await browser.open(f"/issues/{ISSUE}")
    assert (await following(await somebody.follow())).data == "7:registered"
    words = {"title": TITLE, "text": TEXT, "by": "wang"}
    given.shown.tell("intake", "issue.accepted.v1", words, at=AT + timedelta(minutes=1))
    assert (await following(await somebody.follow())).data == "7:accepted unread"


async def test_what_moved_before_somebody_first_came_is_not_new_to_them(given: Given) -> None:
    given.registered()
    row = issues.issue(given.shown.reader(), ISSUE)
    assert row is not None
    given.own.first_came("leader:qian", given.now)
    given.own.first_came("leader:qian", given.now - timedelta(days=9))
    unread = Unread(given.own, "leader:qian", given.now, for_all=False)
    assert not unread(row)
    assert unread({"id": ISSUE, "moved_at": int(given.now.timestamp() * 1000) + 1})  # type: ignore[arg-type]
    after_a_year = Unread(given.own, "leader:qian", given.now + timedelta(days=365), for_all=False)
    assert not after_a_year({"id": ISSUE, "moved_at": int(given.now.timestamp() * 1000) + 1})  # type: ignore[arg-type]


async def test_who_may_be_given_the_version_before_waits_only_a_moment_for_the_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    once, go = Once(), asyncio.Event()

    async def slow() -> str:
        await go.wait()
        return "new"

    async def quick(what: str) -> str:
        return what

    assert await once.get("figures", 1, lambda: quick("old"), before=0) == "old"
    assert (
        await once.get("figures", 2, lambda: quick("newer"), before=1) == "newer"
    )  # quick enough: the new one
    monkeypatch.setattr("services.portal.once.PATIENCE_SECONDS", 0.001)
    assert await once.get("figures", 3, slow, before=2) == "newer"
    monkeypatch.setattr("services.portal.once.PATIENCE_SECONDS", 3600.0)
    async with asyncio.timeout(30):  # who comes when that moment is over does not wait at all
        assert await once.get("figures", 3, slow, before=2) == "newer"
    late = asyncio.create_task(once.get("figures", 4, slow, before=2))  # what is there is too old for it
    await asyncio.sleep(0)
    go.set()
    assert await late == "new"
    assert await once.get("figures", 4, slow, before=3) == "new"


async def test_what_went_wrong_is_made_again_by_who_was_given_the_version_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.portal.once.PATIENCE_SECONDS", 0.001)
    once, broken = Once(), asyncio.Event()

    async def quick() -> str:
        return "old"

    async def breaks() -> str:
        await broken.wait()
        raise OSError("the disk is away")

    await once.get("figures", 1, quick, before=0)
    assert await once.get("figures", 2, breaks, before=1) == "old"
    broken.set()
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="away"):
        await once.get("figures", 2, breaks, before=1)
    assert await once.get("figures", 2, quick, before=1) == "old"
