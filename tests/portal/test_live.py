"""A page that changes while it is looked at: nothing is shown twice, skipped, or taken back."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from services.portal.live import Watched, stream
from services.portal.pages import Page, SignInFirst
from services.portal.queries import issues
from shared.contract.envelope import write_seen
from tests.portal.given import ISSUE, WU, Given

SECONDS = 20.0


class Looked:
    """The messages that one open page is sent."""

    def __init__(self, given: Given, seen: str = "", last: str = "", *, draw: Any = None) -> None:
        headers = [(b"last-event-id", last.encode())] if last else []
        scope = {"type": "http", "path": "/", "headers": headers, "query_string": b"", "method": "GET"}
        page = Page(given.portal, Request(scope))
        watched = Watched(
            lambda changed: ISSUE in changed.subjects, lambda: issues.reached(given.shown.reader(), ISSUE)
        )

        async def state() -> str:
            row = issues.issue(given.shown.reader(), ISSUE)
            return "nothing" if row is None else f"first line\n{row['state']}"

        answer = stream(page, seen, watched, draw or state)
        self.messages: AsyncIterator[Any] = answer.body_iterator.__aiter__()

    async def next(self) -> str:
        """The next message but a heartbeat."""
        async with asyncio.timeout(SECONDS):
            while (message := await anext(self.messages)).startswith((":", "retry")):
                pass
        return str(message)


def reached(given: Given) -> str:
    """How far the rows are."""
    return write_seen(issues.reached(given.shown.reader(), ISSUE))


async def test_what_happens_is_sent_whole_with_how_far_it_goes(given: Given) -> None:
    given.registered()
    looked = Looked(given, reached(given))
    waiting = asyncio.create_task(looked.next())
    await asyncio.sleep(0)
    given.accepted()
    assert await waiting == f"id: {reached(given)}\ndata: first line\ndata: accepted\n\n"


async def test_a_mail_about_it_is_sent_too_and_one_about_another_issue_is_not(given: Given) -> None:
    given.registered()
    looked = Looked(given, reached(given))
    waiting = asyncio.create_task(looked.next())
    await asyncio.sleep(0)
    before = reached(given)
    told = {"about": "rating_invited", "to": WU, "tries": 1}
    given.shown.tell("intake", "notice.sent.v1", {**told, "issue": "ABCDEFGHJKMNP"}, "notice:1")
    assert reached(given) == before
    given.shown.tell("intake", "notice.sent.v1", {**told, "issue": ISSUE}, "notice:2")
    assert await waiting == f"id: {reached(given)}\ndata: first line\ndata: registered\n\n"
    assert reached(given) != before


async def test_what_happened_between_the_page_and_its_stream_is_not_missed(given: Given) -> None:
    given.registered()
    before = reached(given)
    given.accepted()
    assert "accepted" in await Looked(given, before).next()


async def test_who_comes_back_is_sent_nothing_that_was_shown(given: Given) -> None:
    given.registered()
    before = reached(given)
    given.accepted()
    looked = Looked(given, before, last=reached(given))
    waiting = asyncio.create_task(looked.next())
    done, _ = await asyncio.wait({waiting}, timeout=0.2)
    assert not done
    given.assigned()
    assert "in_progress" in await waiting


async def test_a_portal_that_is_behind_shows_nothing_older_than_was_shown(given: Given) -> None:
    given.registered()
    looked = Looked(given, last="/huzhou/intake=3")
    waiting = asyncio.create_task(looked.next())
    done, _ = await asyncio.wait({waiting}, timeout=0.2)
    assert not done
    given.accepted()  # which is what was shown
    given.assigned()
    assert "in_progress" in await waiting


@pytest.mark.parametrize("last", ["x", "/huzhou/intake=x", "é", "=" * 50])
async def test_an_id_that_is_none_is_like_no_id(given: Given, last: str) -> None:
    given.registered()
    assert "registered" in await Looked(given, last=last).next()


async def test_who_is_not_signed_in_any_more_is_sent_nothing_more(given: Given) -> None:
    given.registered()

    async def draw() -> str:
        raise SignInFirst

    with pytest.raises(StopAsyncIteration):
        await Looked(given, draw=draw).next()


async def test_only_who_may_read_an_issue_may_watch_it(given: Given) -> None:
    given.registered()
    answer: httpx.Response = await given.browser().open(f"/issues/{ISSUE}/live")
    assert answer.url.path == "/sign-in"
