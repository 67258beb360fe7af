"""What an operator does: dead letters handed in again or given up, events published again or skipped, building anew."""

from typing import Any

import pytest

from services.portal.projection.projection import Standing
from shared.operators import Discarding, PublishedAgain, Resolution, Skipping
from tests.portal.given import Browser, Given
from tests.portal.operated import (
    DEAD_LETTER,
    ISSUE,
    ORIGIN,
    PLACE,
    answered,
    dead_letters,
    missing,
    operator,
    well,
)

SCRIPT = "<script>alert(1)</script>"
SKIP = f"/operator/held/dispatch/{ISSUE}/intake.events/3/skip"
ASKED = f"/dead-letters/{ORIGIN}"


@pytest.fixture
async def browser(given: Given) -> Browser:
    """An operator's, with one dead letter and one missing event to see."""
    well(given)
    given.shown.stands = Standing(0, given.now)
    dead_letters(given, {})
    missing(given, {})
    return await operator(given)


def resolved(given: Given, status: str, by: str) -> None:
    """Somebody dealt with it."""
    dead_letters(given, {"status": status, "resolved_by": by})


async def test_the_newest_stand_on_top_whole_and_as_text(given: Given, browser: Browser) -> None:
    reason = f"{SCRIPT}: {'长' * 3_000}"
    dead_letters(
        given,
        {"at": "2026-03-02T01:00:00Z"},
        {"origin": f"x{SCRIPT[1:7]}/0/9", "at": "2026-03-03T01:00:00Z", "reason": reason},
    )
    await browser.open("/operator/dead-letters")
    assert reason in browser.text and SCRIPT not in browser.page.text
    assert browser.text.index("/0/9") < browser.text.index(ORIGIN)
    assert all(word in browser.text for word in ("交办办理", ISSUE, "issue.accepted.v1", "intake.events 3"))


async def test_there_are_pages_of_them_and_filters_in_the_address(given: Given, browser: Browser) -> None:
    dead_letters(given, *({"origin": f"intake.events/0/{n}", "number": n} for n in range(10, 60)), next=10)
    await browser.open("/operator/dead-letters?service=dispatch&status=all")
    *_, asked = [one for one in given.asked.requests if one.url.path == "/dead-letters"]
    assert dict(asked.url.params) == {"status": "all", "limit": "50"}
    assert (
        'href="/operator/dead-letters?service=dispatch&amp;status=all&amp;before=dispatch.10"'
        in browser.page.text
    )
    dead_letters(given)
    await browser.open("/operator/dead-letters?service=dispatch&status=all&before=dispatch.10")
    assert given.asked.requests[-1].url.params["before"] == "10" and "没有更早的了" in browser.text


async def test_of_several_services_the_next_page_goes_on_in_each(given: Given, browser: Browser) -> None:
    old = [
        {**DEAD_LETTER, "group": "intake", "number": n, "origin": f"intake.commands/0/{n}"} for n in range(50)
    ]
    given.asked.of("intake")["GET /dead-letters"] = (200, {"dead_letters": old[::-1], "next": None})
    dead_letters(
        given, *({"origin": f"x.events/0/{n}", "number": n, "at": "2026-03-03T01:00:00Z"} for n in range(30))
    )
    await browser.open("/operator/dead-letters")
    assert "before=dispatch.0-intake.30" in browser.page.text
    await browser.open("/operator/dead-letters?before=dispatch.0-intake.30-nobody.1-intake.x")
    params = {
        one.url.host: dict(one.url.params) for one in given.asked.requests if one.url.path == "/dead-letters"
    }
    assert (params["dispatch"]["before"], params["intake"]["before"]) == ("0", "30")
    assert "before" not in params["feedback"]


async def test_one_is_handed_in_again_and_what_became_of_it_is_said(given: Given, browser: Browser) -> None:
    answers = given.asked.of("dispatch")
    for outcome, said in (
        ({"status": "done"}, "已重新提交。"),
        ({"status": "refused", "reason": "failed"}, "又失败了"),
        ({"status": "refused", "reason": "illegal_move"}, "被拒绝"),
    ):
        resolution = {"status": "replayed", "origin": ORIGIN, "outcome": outcome}
        answers[f"POST {ASKED}/replay"] = answered(Resolution, resolution)
        await browser.open(PLACE)
        await browser.send(f"{PLACE}/replay")
        assert browser.page.url.path == PLACE and said in browser.text
    answers[f"POST {ASKED}/replay"] = (202, {"status": "pending", "look": "/issues/x"})
    await browser.open("/operator/dead-letters")
    await browser.send(f"{PLACE}/replay")
    assert browser.page.url.params["done"] == "pending"


async def test_it_is_given_up_only_with_a_reason(given: Given, browser: Browser) -> None:
    await browser.open(f"{PLACE}/discard")
    answer = await browser.send(f"{PLACE}/discard", reason="  ")
    assert answer.status_code == 422 and 'id="reason-wrong"' in answer.text
    assert not given.asked.bodies(f"{ASKED}/discard")
    resolution = {"status": "discarded", "origin": ORIGIN}
    given.asked.of("dispatch")[f"POST {ASKED}/discard"] = answered(Resolution, resolution)
    await browser.send(f"{PLACE}/discard", reason="手工误发")
    assert given.asked.bodies(f"{ASKED}/discard") == [{"reason": "手工误发", "seq": 0}]
    assert browser.page.url.path == PLACE and "已放弃" in browser.text
    await browser.open(f"{PLACE}/discard")
    assert "手工误发" not in browser.page.text


async def test_one_that_does_not_say_its_place_is_given_up_with_one_that_somebody_knows(
    given: Given, browser: Browser
) -> None:
    await browser.open(f"{PLACE}/discard")
    assert 'name="seq"' not in browser.page.text
    dead_letters(given, {"seq": 0, "event": ""})
    await browser.open(f"{PLACE}/discard")
    answer = await browser.send(f"{PLACE}/discard", reason="x", seq="第三")
    assert answer.status_code == 422 and 'id="seq-wrong"' in answer.text
    await browser.send(f"{PLACE}/discard", reason="x", seq="3")
    assert [Discarding(**body) for body in given.asked.bodies(f"{ASKED}/discard")] == [
        Discarding(reason="x", seq=3)
    ]


@pytest.mark.parametrize(
    ("row", "offers", "said"),
    [
        ({}, ("replay", "discard"), ""),
        ({"origin": "dept.housing.replies/0/1"}, ("discard",), "请部门重新发正确的"),
        ({"subject": ""}, ("discard",), "没有写明关于什么"),
        ({"subject": "", "unpublished": True}, ("replay", "discard"), "被消息总线拒收"),
        ({"command": "timer/timer:due/x/y"}, ("replay",), "期限不会消失"),
        ({"status": "discarded", "resolved_by": "operator:li 误发"}, (), "operator:li 误发"),
    ],
)
async def test_only_what_can_be_done_is_offered_and_why_the_rest_is_not(
    given: Given, browser: Browser, row: dict[str, Any], offers: tuple[str, ...], said: str
) -> None:
    dead_letters(given, row)
    origin = row.get("origin", ORIGIN)
    for path in ("/operator/dead-letters?status=all", f"/operator/dead-letters/dispatch/{origin}"):
        page = (await browser.open(path)).text
        assert said in browser.text
        for verb in ("replay", "discard"):
            assert (f"{origin}/{verb}" in page) is (verb in offers), (path, verb)


async def test_who_was_slower_hears_who_was_faster_and_has_its_own_words_again(
    given: Given, browser: Browser
) -> None:
    await browser.open(f"{PLACE}/discard")
    refusal = {"title": "这条死信不能放弃", "detail": "it was replayed already by operator:li", "status": 409}
    given.asked.of("dispatch")[f"POST {ASKED}/discard"] = (409, refusal)
    resolved(given, "replayed", "operator:li")
    answer = await browser.send(f"{PLACE}/discard", reason="我写了很久的原因")
    assert answer.status_code == 422 and "这条死信不能放弃" in browser.text
    assert "operator:li" in browser.text and "我写了很久的原因" in answer.text
    given.asked.of("dispatch")[f"POST {ASKED}/replay"] = (409, {**refusal, "title": "不能重放"})
    dead_letters(given, {})
    await browser.open(PLACE)
    resolved(given, "replayed", "operator:li")
    await browser.send(f"{PLACE}/replay")
    assert (
        "不能重放" in browser.text
        and "重新提交" in browser.text
        and f'action="{PLACE}/replay"' not in browser.page.text
    )


async def test_a_service_that_is_away_loses_no_reason_and_is_asked_the_same_again(
    given: Given, browser: Browser
) -> None:
    await browser.open(f"{PLACE}/discard")
    given.asked.of("dispatch")[f"POST {ASKED}/discard"] = (503, {"title": "away"})
    for _ in range(2):
        answer = await browser.send(f"{PLACE}/discard", reason="写了很久")
        assert answer.status_code == 503 and "写了很久" in answer.text
    first, second = given.asked.keys(f"{ASKED}/discard")
    assert first == second
    given.asked.away = {"dispatch"}
    assert (await browser.send(f"{PLACE}/discard", reason="写了很久")).status_code == 503
    assert (await browser.open(PLACE)).status_code == 503 and "暂时没有应答" in browser.text
    given.asked.away = set()
    await browser.open(f"{PLACE}/discard")
    assert "写了很久" in browser.page.text


async def test_what_is_not_there_is_not_here(given: Given, browser: Browser) -> None:
    given.asked.of("dispatch")["GET /dead-letters/x.events/0/1"] = (404, {"title": "none"})
    for path in (
        "/operator/dead-letters/dispatch/x.events/0/1",
        "/operator/dead-letters/nobody/x.events/0/1",
        f"/operator/held/nobody/{ISSUE}/intake.events/3/skip",
        f"/operator/held/dispatch/{ISSUE}/intake.events/0/skip",
        f"/operator/held/dispatch/{ISSUE}/intake.events/x/skip",
    ):
        assert (await browser.open(path)).status_code == 404, path


# ------------------------------------------------------------------------ what is missing


async def test_a_missing_event_is_published_again_by_its_owner(given: Given, browser: Browser) -> None:
    await browser.open("/operator/held")
    assert "交办办理缺少 intake.events 的第 3 号事件。 后面有 2 个事件在等它。" in browser.text
    given.asked.of("intake")[f"POST /issues/{ISSUE}/publish-again"] = answered(
        PublishedAgain, {"status": "done", "events": 4}
    )
    await browser.send("/operator/publish-again")
    assert browser.page.url.path == "/operator/held" and "已重新发布 4 个事件" in browser.text
    assert {one.url.host for one in given.asked.requests if one.url.path.endswith("again")} == {"intake"}


async def test_one_of_another_jurisdiction_is_published_by_nobody_here(
    given: Given, browser: Browser
) -> None:
    missing(given, {"topic": "deqing.intake.events"})
    await browser.open("/operator/held")
    assert "属于其他地区" in browser.text and "重新发布。" in browser.text
    assert 'action="/operator/publish-again"' not in browser.page.text


async def test_one_that_never_comes_is_skipped_with_a_reason(given: Given, browser: Browser) -> None:
    await browser.open("/operator/held")
    assert f'href="{SKIP}"' in browser.page.text
    await browser.open(SKIP)
    answer = await browser.send(SKIP, reason="")
    assert answer.status_code == 422 and 'id="reason-wrong"' in answer.text
    await browser.send(SKIP, reason="到处都没有")
    told = {"topic": "intake.events", "seq": 3, "reason": "到处都没有"}
    assert given.asked.bodies(f"/issues/{ISSUE}/skip") == [told] and Skipping(**told)
    assert browser.page.url.path == "/operator/held" and "等在后面的会继续" in browser.text


async def test_a_skip_that_is_refused_says_which_event_is_next(given: Given, browser: Browser) -> None:
    detail = "the next event of intake.events here is number 4, and only that can be skipped"
    given.asked.of("dispatch")[f"POST /issues/{ISSUE}/skip"] = (
        409,
        {"title": "只能跳过下一件", "detail": detail},
    )
    await browser.open(SKIP)
    answer = await browser.send(SKIP, reason="写了很久")
    assert answer.status_code == 422 and "只能跳过下一件" in browser.text and "number 4" in browser.text
    assert "写了很久" in answer.text


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("7K3M-9QXT-2B4N-6C", f"/issues/{ISSUE}/publish-again"),
        (" 7k3m9qxt2b4n6 ", f"/issues/{ISSUE}/publish-again"),
        ("dept:housing", "/departments/housing/publish-again"),
    ],
)
async def test_anything_else_can_be_published_again_by_name(
    given: Given, browser: Browser, typed: str, path: str
) -> None:
    await browser.open("/operator/publish-again")
    await browser.send("/operator/publish-again", subject=typed, service="dispatch")
    assert given.asked.bodies(path) == [{}]


async def test_what_is_no_aggregate_is_said_at_its_field(given: Given, browser: Browser) -> None:
    await browser.open("/operator/publish-again")
    answer = await browser.send("/operator/publish-again", subject="nobody:x", service="")
    assert answer.status_code == 422 and "nobody:x" in answer.text
    assert 'id="subject-wrong"' in answer.text and 'id="service-wrong"' in answer.text
    given.asked.of("intake")["POST /departments/x/publish-again"] = (404, {"title": "there is none"})
    answer = await browser.send("/operator/publish-again", subject="dept:x", service="intake")
    assert answer.status_code == 422 and "该服务没有这个对象" in browser.text and "dept:x" in answer.text


# --------------------------------------------------------------------------- building anew


async def ended(given: Given) -> None:
    """The build that was begun is over."""
    task = given.portal.builds._task
    assert task is not None
    await task


async def test_all_namespaces_are_compared_at_a_click(given: Given, browser: Browser) -> None:
    await browser.open("/operator/projection")
    assert "replay-1" in browser.text and "正在运行的系统" in browser.text
    given.shown.may_end.clear()
    await browser.send("/operator/projection/check", namespace="*")
    assert browser.page.url.path == "/operator/projection" and "正在比对" in browser.text
    assert 'hx-get="/operator/projection/build"' in browser.page.text
    given.shown.may_end.set()
    await ended(given)
    await browser.open("/operator/projection/build")
    assert "已比对：全部一致" in browser.text and browser.text.count("7 条记录") == 2
    assert "hx-get" not in browser.page.text


async def test_what_differs_is_named_and_taken_by_building_anew(given: Given, browser: Browser) -> None:
    given.shown.is_same = False
    await browser.open("/operator/projection")
    await browser.send("/operator/projection/check", namespace="")
    await ended(given)
    await browser.open("/operator/projection")
    assert "不一致：请重建并启用" in browser.text and "不一致的表： issue" in browser.text
    await browser.send("/operator/projection/rebuild", namespace="")
    await ended(given)
    await browser.open("/operator/projection")
    assert "内容不一致；页面已改读新的" in browser.text
    assert given.portal.builds.newest is not None and given.portal.builds.newest.by == "operator:yan"


async def test_one_at_a_time_is_built_and_of_what_there_is(given: Given, browser: Browser) -> None:
    await browser.open("/operator/projection")
    answer = await browser.send("/operator/projection/rebuild", namespace="replay-of-nothing")
    assert answer.status_code == 422 and "已经没有这个命名空间" in browser.text
    given.shown.may_end.clear()
    await browser.send("/operator/projection/check", namespace="replay-1")
    answer = await browser.send("/operator/projection/rebuild", namespace="")
    assert answer.status_code == 409 and "已经在建一份了" in browser.text
    await given.portal.builds.close()
    assert not given.portal.builds.is_running


async def test_a_build_that_fails_is_said_and_pages_go_on(
    given: Given, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(namespace: str | None = None) -> None:
        raise OSError("no space")

    monkeypatch.setattr(given.shown, "rebuild", fails)
    await browser.open("/operator/projection")
    await browser.send("/operator/projection/rebuild", namespace="")
    await ended(given)
    await browser.open("/operator/projection")
    assert "没有建完；页面仍显示原来的内容" in browser.text


async def test_a_broker_that_is_away_hides_the_namespaces_alone(
    given: Given, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> list[str]:
        raise OSError("no broker")

    monkeypatch.setattr(given.shown, "namespaces", away)
    answer = await browser.open("/operator/projection")
    assert (
        answer.status_code == 200
        and "消息总线没有应答" in browser.text
        and "staff.published" not in answer.text
    )
    await browser.send("/operator/projection/rebuild", namespace="")
    await ended(given)
    assert given.portal.builds.newest is not None and given.portal.builds.newest.same
