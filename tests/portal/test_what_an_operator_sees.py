"""An operator's first page: whether all is right, and if not, what; a service that is away hides no other."""

import asyncio
import re

import httpx
import pytest

from services.portal.desks.operator import asking
from services.portal.projection.projection import Standing
from services.portal.session import COOKIE
from shared.contract.words import Role
from shared.metrics import Metrics
from tests.portal.given import Given
from tests.portal.operated import GAP, ISSUE, dead_letters, measured, missing, operator, well
from tests.portal.projection.given import AT
from tests.portal.test_the_page_of_an_issue import signed_in

PATHS = (
    "/operator",
    "/operator/dead-letters",
    "/operator/held",
    "/operator/projection",
    "/operator/publish-again",
    "/operator/projection/build",
)


@pytest.fixture(autouse=True)
def _well(given: Given) -> None:
    well(given)
    given.shown.stands = Standing(0, given.now)


async def test_where_all_is_well_that_is_said_first(given: Given) -> None:
    browser = await operator(given)
    answer = await browser.open("/operator")
    assert answer.status_code == 200 and "一切正常" in browser.text
    assert browser.text.count("正常") >= 5 and "要看的事" not in browser.text
    assert "去处理" not in browser.text


async def test_the_bar_leads_to_everything(given: Given) -> None:
    browser = await operator(given)
    await browser.open("/")
    assert browser.page.url.path == "/operator"
    for path in PATHS[:4]:
        assert f'href="{path}"' in browser.page.text
        assert (await browser.open(path)).status_code == 200


async def test_a_service_that_is_away_is_said_and_the_others_are_shown(given: Given) -> None:
    given.asked.away = {"dispatch"}
    browser = await operator(given)
    answer = await browser.open("/operator")
    assert answer.status_code == 200 and "有 1 件事要看一下" in browser.text
    assert "交办办理 没有应答。要它办的事先等着，其他照常。" in browser.text
    for path in PATHS:
        assert (await browser.open(path)).status_code == 200
    await browser.open("/operator/dead-letters")
    assert "交办办理 暂时没有应答" in browser.text and "能应答的服务都没有" in browser.text


async def test_a_service_that_only_keeps_silent_is_not_waited_for(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.01)

    async def silent(request: httpx.Request) -> httpx.Response:
        if request.url.host == "feedback":
            await asyncio.Event().wait()
        return given.asked(request)

    for client in given.portal.services._clients.values():
        client._transport = httpx.MockTransport(silent)
    browser = await operator(given)
    await browser.open("/operator")
    assert "评价回访 没有应答" in browser.text and "登记受理 没有应答" not in browser.text


async def test_what_keeps_a_service_from_its_work_is_said_in_words(given: Given) -> None:
    parts = ["store", "reference: policy:huzhou", "something new"]
    given.asked.of("intake")["GET /health/ready"] = (503, {"missing": parts})
    browser = await operator(given)
    await browser.open("/operator")
    assert "还没有就绪：它的数据库没有应答；policy:huzhou 还没有发布；something new" in browser.text
    assert "未就绪" in browser.text


@pytest.mark.parametrize(
    ("service", "change", "said"),
    [
        ("feedback", lambda all: all.timer_overdue.set(3), "有 3 个期限到了却没有触发"),
        ("intake", lambda all: all.timer_heartbeat.set(400), "定时停了 6 分钟"),
        ("supervision", lambda all: all.watermark_age.set(300), "最近一次读齐在 5 分钟前"),
        ("dispatch", lambda all: all.lag.labels("intake.events").set(2_000), "落后 2000 条记录"),
        ("dispatch", lambda all: (all.held.set(2), all.held_age.set(7_200)), "最久的等了 2 小时"),
    ],
)
async def test_what_is_late_is_said_with_how_late(
    given: Given, service: str, change: object, said: str
) -> None:
    given.asked.of(service)["GET /metrics"] = (200, measured(change))  # type: ignore[arg-type]
    browser = await operator(given)
    await browser.open("/operator")
    assert said in browser.text and "有 1 件事要看一下" in browser.text


async def test_a_held_event_of_a_moment_ago_is_nothing_to_worry_about(given: Given) -> None:
    def just_now(metrics: Metrics) -> None:
        metrics.held.set(2)
        metrics.held_age.set(3)

    given.asked.of("dispatch")["GET /metrics"] = (200, measured(just_now))
    browser = await operator(given)
    await browser.open("/operator")
    assert "一切正常" in browser.text and "最久 3 秒" in browser.text


async def test_dead_letters_are_counted_and_lead_to_their_page(given: Given) -> None:
    dead_letters(given, {}, {"origin": "intake.events/0/13"})
    browser = await operator(given)
    await browser.open("/operator")
    assert "交办办理 有 2 条记录用不了" in browser.text
    assert browser.page.text.count('href="/operator/dead-letters?service=dispatch"') == 2
    dead_letters(given, *({"origin": f"intake.events/0/{n}"} for n in range(50)), next=1)
    await browser.open("/operator")
    assert "有 至少 50 条记录用不了" in browser.text and "50+" in browser.text


async def test_what_is_no_metrics_is_said_to_be_unknown(given: Given) -> None:
    given.asked.of("intake")["GET /metrics"] = (200, b"<html>not ours</html>")
    given.asked.of("feedback")["GET /dead-letters"] = (500, {"title": "x"})
    browser = await operator(given)
    assert (await browser.open("/operator")).status_code == 200
    assert "它没有说" in browser.text and "不知道" in browser.text


async def test_what_pages_show_has_an_age_and_an_old_one_is_said(given: Given) -> None:
    browser = await operator(given)
    for stands, said in (
        (Standing(5, AT), "是 60 分钟前的"),
        (Standing(5, None), "还没有读全"),
        (Standing(0, given.now, older=True), "是旧版本的"),
    ):
        given.shown.stands = stands
        await browser.open("/operator")
        assert said in browser.text, said
        assert (await browser.open("/operator/projection")).status_code == 200


async def test_what_the_portal_itself_misses_is_said_and_can_be_published_again(given: Given) -> None:
    given.shown.tell("intake", "issue.registered.v1", {"number": "7K3M-9QXT-2B4N-6C"}, seq=3)
    browser = await operator(given)
    await browser.open("/operator")
    assert "页面数据 缺了事件，后面有 1 个在等" in browser.text
    await browser.open("/operator/held")
    assert "页面数据缺少 intake.events 的第 1 号事件" in browser.text
    assert "跳过它" not in browser.text
    await browser.send("/operator/publish-again")
    assert given.asked.bodies(f"/issues/{ISSUE}/publish-again") == [{}]


@pytest.mark.parametrize("path", [*PATHS, "/operator/dead-letters/dispatch/intake.events/0/12"])
async def test_nobody_but_an_operator_finds_it(given: Given, path: str) -> None:
    for role in Role:
        if role is not Role.OPERATOR:
            assert (await signed_in(given, role).open(path)).status_code == 404, role
    stranger = await given.browser().open(path)
    assert stranger.url.path == "/sign-in"


@pytest.mark.parametrize(
    "path",
    [
        "/operator/dead-letters/dispatch/intake.events/0/12/replay",
        "/operator/dead-letters/dispatch/intake.events/0/12/discard",
        f"/operator/held/dispatch/{ISSUE}/intake.events/3/skip",
        "/operator/publish-again",
        "/operator/projection/check",
        "/operator/projection/rebuild",
    ],
)
async def test_nobody_but_an_operator_does_it(given: Given, path: str) -> None:
    for role in Role:
        if role is Role.OPERATOR:
            continue
        browser = signed_in(given, role)
        await browser.open("/sign-in")
        mark = re.findall(r'name="mark" value="(\w+)"', browser.page.text)[0]
        fields = {"mark": mark, "reason": "x", "service": "intake", "subject": ISSUE}
        assert (await browser.client.post(path, data=fields)).status_code == 404, role
    assert not given.asked.requests and given.portal.builds.newest is None


async def test_it_asks_as_who_clicked(given: Given) -> None:
    browser = await operator(given)
    missing(given, GAP)
    await browser.open("/operator/held")
    told = [one for one in given.asked.requests if one.url.path == "/held"]
    assert len(told) == 4 and all("Authorization" in one.headers for one in told)
    assert browser.client.cookies.get(COOKIE)
