"""What is kept for ten seconds: sent once whatever is killed in between, never once it was taken back."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import httpx
import pytest

from services.portal.asking import Services
from services.portal.errands import UNDO, Errand, Said, Step
from services.portal.own import Kept, Own
from services.portal.sending import Sending
from services.portal.session import Visitor
from shared.identity.keys import signing_key
from shared.identity.tokens import sign
from tests.keys import KEYS
from tests.portal.given import DONE, ISSUE, JURISDICTION, NAMES, Given, refused

WANG = Visitor(Kept("wang", "office", "", "王芳", ""), "s" * 32)
ACCEPT, ASSIGN = f"/issues/{ISSUE}/accept", f"/issues/{ISSUE}/assign"


class Killed(BaseException):
    """The portal is killed here: nothing after it happens."""


def errand(given: Given, id: str = "e1", **more: Any) -> Errand:
    """Accept and assign, as wang asks it now."""
    steps = (
        Step("intake", ACCEPT, {}, f"{id}-accept"),
        Step("dispatch", ASSIGN, {"department": "housing"}, f"{id}-assign"),
    )
    said = Said("accept_and_assign", "路灯", "housing", **more)
    return Errand(id, WANG, "zh", ISSUE, said, given.now + UNDO, steps)


def restarted(given: Given) -> Sending:
    """Another portal over the same file, some time later."""
    services = Services(
        {name: f"http://{name}" for name in NAMES},
        partial(sign, signing_key(KEYS)),
        JURISDICTION,
        httpx.MockTransport(given.asked),
    )
    return Sending(Own(given.file), services, clock=lambda: given.now + UNDO)


async def test_it_is_sent_after_ten_seconds_and_not_before(given: Given) -> None:
    given.sending.keep(errand(given))
    await given.sending.turn()
    assert not given.asked.requests
    given.now += UNDO
    await given.sending.turn()
    assert [one.url.path for one in given.asked.requests] == [ACCEPT, ASSIGN]
    await given.sending.turn()
    assert len(given.asked.requests) == 2


async def test_the_second_command_waits_for_what_the_first_published(given: Given) -> None:
    given.asked.answers[f"POST {ACCEPT}"] = (200, {**DONE, "published": "/huzhou/intake=3"})
    given.sending.keep(errand(given))
    given.now += UNDO
    await given.sending.turn()
    assert given.asked.requests[-1].headers["Qinqing-After"] == "/huzhou/intake=3"
    assert given.asked.keys(ACCEPT) != given.asked.keys(ASSIGN)


def killing(kept: Any, name: str, call: int, when: str) -> Callable[..., Any]:
    """A method that dies in its ``call``-th call, ``before`` it does anything or ``after``."""
    method, calls = getattr(kept, name), 0

    def counted() -> bool:
        nonlocal calls
        calls += 1
        return calls == call

    def done(*args: Any, **how: Any) -> Any:
        dies = counted()
        if dies and when == "before":
            raise Killed
        result = method(*args, **how)
        if dies:
            raise Killed
        return result

    async def awaited(*args: Any, **how: Any) -> Any:
        dies = counted()
        if dies and when == "before":
            raise Killed
        result = await method(*args, **how)
        if dies:
            raise Killed
        return result

    return awaited if asyncio.iscoroutinefunction(method) else done


@pytest.mark.parametrize("call", [1, 2], ids=["first command", "second command"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", ["begin", "post", "answered"])
async def test_killed_between_any_two_steps_each_command_is_done_once_and_in_order(
    given: Given, monkeypatch: pytest.MonkeyPatch, name: str, when: str, call: int
) -> None:
    place = given.portal.services if name == "post" else given.sending.errands
    given.sending.keep(errand(given))
    given.now += UNDO
    monkeypatch.setattr(place, name, killing(place, name, call, when))
    with pytest.raises(Killed):
        await given.sending.turn()
    after = restarted(given)
    await after.turn()
    await after.turn()
    for path, key in ((ACCEPT, "e1-accept"), (ASSIGN, "e1-assign")):
        assert set(given.asked.keys(path)) == {key}, "under one key it is one command"
    paths = [one.url.path for one in given.asked.requests]
    assert paths == sorted(paths), "accepted first"
    (told,) = after.errands.of(WANG.owner, given.now)
    assert told.state == "done"


async def test_killed_as_soon_as_it_is_kept_it_is_sent_by_the_next_portal(given: Given) -> None:
    given.sending.keep(errand(given))
    await restarted(given).turn()
    assert [one.url.path for one in given.asked.requests] == [ACCEPT, ASSIGN]


async def test_what_was_taken_back_is_never_sent_and_its_words_are_a_draft_again(given: Given) -> None:
    given.sending.keep(errand(given, form="/form", typed={"explanation": "写了很久"}))
    assert given.sending.take_back("e1", WANG.owner) is not None
    given.now += UNDO
    await given.sending.turn()
    assert given.own.draft(WANG.owner, "/form") == {"explanation": "写了很久"}
    await restarted(given).turn()
    assert not given.asked.requests


async def test_nobody_else_takes_it_back_and_nobody_once_it_is_being_sent(given: Given) -> None:
    given.sending.keep(errand(given))
    assert given.sending.take_back("e1", "office:chen") is None
    assert given.sending.errands.begin("e1", 0)
    assert given.sending.take_back("e1", WANG.owner) is None


async def test_the_same_form_sent_twice_is_one_errand(given: Given) -> None:
    given.sending.keep(errand(given))
    given.sending.keep(errand(given))
    given.now += UNDO
    await given.sending.turn()
    assert len(given.asked.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        (202, {"status": "pending", "look": "/x"}),
        (503, {"title": "away"}),
        (409, {"title": "behind", "status": 409}),
    ],
    ids=["pending", "away", "behind"],
)
async def test_what_nobody_knows_the_outcome_of_is_sent_again_under_the_same_key(
    given: Given, answer: tuple[int, Any]
) -> None:
    given.asked.answers[f"POST {ACCEPT}"] = answer
    given.sending.keep(errand(given))
    given.now += UNDO
    await given.sending.turn()
    assert not given.asked.keys(ASSIGN)
    del given.asked.answers[f"POST {ACCEPT}"]
    await given.sending.turn()
    assert given.asked.keys(ACCEPT) == ["e1-accept"] * 2 and given.asked.keys(ASSIGN) == ["e1-assign"]


async def test_what_follows_a_refusal_is_not_sent_and_the_words_come_back(given: Given) -> None:
    given.asked.answers[f"POST {ACCEPT}"] = refused("illegal_move", "当前状态不允许这样做")
    given.sending.keep(errand(given, form="/form", typed={"explanation": "写了很久"}))
    given.now += UNDO
    await given.sending.turn()
    assert not given.asked.keys(ASSIGN)
    (told,) = given.sending.errands.of(WANG.owner, given.now)
    assert (told.state, told.why_not, told.is_half_done) == ("refused", "当前状态不允许这样做", False)
    assert given.own.draft(WANG.owner, "/form") == {"explanation": "写了很久"}
    given.sending.errands.dismiss("e1", "office:chen")
    assert given.sending.errands.of(WANG.owner, given.now)
    given.sending.errands.dismiss("e1", WANG.owner)
    assert not given.sending.errands.of(WANG.owner, given.now)


async def test_a_command_that_failed_for_good_is_told_and_not_sent_for_ever(given: Given) -> None:
    given.asked.answers[f"POST {ACCEPT}"] = (500, {"title": "处理失败", "reason": "failed", "status": 500})
    given.sending.keep(errand(given))
    given.now += UNDO
    await given.sending.turn()
    assert given.sending.errands.of(WANG.owner, given.now)[0].state == "refused"


async def test_of_two_about_one_issue_the_first_asked_goes_first(given: Given) -> None:
    given.sending.keep(errand(given, "zz"))
    given.now += timedelta(seconds=1)
    given.sending.keep(errand(given, "aa"))
    given.now += UNDO
    await given.sending.turn()
    assert given.asked.keys(ACCEPT) == ["zz-accept", "aa-accept"]


@pytest.mark.parametrize("early_ms", [0, 1], ids=["when it is due", "coming due while the task looks"])
async def test_the_task_sends_what_is_kept_while_it_waits(given: Given, early_ms: int) -> None:
    sent, looks = asyncio.Event(), count()
    answer = given.asked.__call__

    def heard(request: httpx.Request) -> httpx.Response:
        if request.url.path == ASSIGN:
            sent.set()
        return answer(request)

    def clock() -> datetime:
        """A millisecond goes by between one look and the next."""
        return given.now + UNDO + timedelta(milliseconds=next(looks) - early_ms)

    services = Services(
        {name: f"http://{name}" for name in NAMES},
        partial(sign, signing_key(KEYS)),
        JURISDICTION,
        httpx.MockTransport(heard),
    )
    sending = Sending(given.own, services, clock)
    task = asyncio.create_task(sending.run())
    sending.keep(errand(given))
    async with asyncio.timeout(20):
        await sent.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
