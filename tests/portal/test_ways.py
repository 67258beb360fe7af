"""How an official is told: choosing on their page, what could not be sent, and what an operator sees of it."""

import pytest

from services.portal.queries import notices
from shared.contract.words import Role
from tests.portal.department import at_work, colleague, leader
from tests.portal.given import ISSUE, Browser, Forms, Given
from tests.portal.operated import well

PATH, ASKED, CHOSEN = "/ways", "/staff/li/ways", "/staff/li/choose-ways"
OFFERED = [
    {"name": "mail", "kind": "mail", "label_zh": "邮件", "label_en": "Mail"},
    {"name": "housing-group", "kind": "dingtalk", "label_zh": "建设局钉钉群", "label_en": "Housing group"},
]


async def offered(given: Given, *chosen: str) -> Browser:
    """Li, who may choose between mail and a group."""
    at_work(given)
    given.asked.of("dispatch")[f"GET {ASKED}"] = (200, {"offered": OFFERED, "chosen": list(chosen)})
    browser = colleague(given)
    await browser.open(PATH)
    return browser


def ticked(browser: Browser) -> set[str]:
    """Which boxes are."""
    return {name for name in Forms(browser.page.text).fields[PATH] if name.startswith("way-")}


async def test_an_official_sees_what_there_is_and_what_they_chose(given: Given) -> None:
    browser = await offered(given, "mail")
    assert ticked(browser) == {"way-mail"}
    for words in ("建设局钉钉群", "群成员会看到问题编号和您的姓名", "办公时间", "全部已送达"):
        assert words in browser.text
    await browser.open("/issues/" + ISSUE)
    assert 'href="/ways"' in browser.page.text


async def test_what_is_chosen_is_asked_of_dispatch_once_and_said_to_be_done(given: Given) -> None:
    browser = await offered(given, "mail")
    given.asked.of("dispatch")[f"POST {CHOSEN}"] = (
        200,
        {"status": "done", "ways": ["mail", "housing-group"]},
    )
    await browser.send(PATH, **{"way-housing-group": "1"})
    assert given.asked.bodies(CHOSEN) == [{"ways": ["mail", "housing-group"]}]
    assert browser.page.url.query == b"done=done" and "从现在起按这些方式告知您" in browser.text
    assert all(given.asked.keys(CHOSEN))


async def test_nobody_is_left_without_any_way_and_nothing_ticked_is_lost(given: Given) -> None:
    browser = await offered(given)
    await browser.send(PATH)
    assert browser.page.status_code == 422 and "请至少选一种" in browser.text
    assert given.asked.bodies(CHOSEN) == []
    given.asked.of("dispatch")[f"POST {CHOSEN}"] = (
        422,
        {"title": "没有这个告知途径", "status": 422, "reason": "unknown_way", "detail": "ways: 'x'"},
    )
    await browser.send(PATH, **{"way-housing-group": "1"})
    assert browser.page.status_code == 422 and "没有这个告知途径" in browser.text
    assert ticked(browser) == {"way-housing-group"}
    await browser.open(PATH)
    assert ticked(browser) == {"way-housing-group"}, "kept until it is sent"


async def test_while_dispatch_is_away_it_is_said_and_what_was_given_up_is_shown_all_the_same(
    given: Given,
) -> None:
    at_work(given)
    given_up(given)
    given.asked.away.add("dispatch")
    browser = colleague(given)
    await browser.open(PATH)
    assert "暂时无法显示" in browser.text and "errcode 400102" in browser.text


def given_up(given: Given) -> None:
    """What could not be sent to Li, to Zhou, and to who raised the issue."""
    staff = {"issue": ISSUE, "about": "assigned", "tries": 2, "why": "refused", "said": "errcode 400102"}
    for number, (to, way) in enumerate((("li", "housing-group"), ("zhou", "mail"))):
        data = {**staff, "to": to, "way": way}
        given.shown.tell("dispatch", "notice.staff_given_up.v1", data, f"notice:{number}")
    raiser = {
        "issue": ISSUE,
        "about": "rating_invited",
        "to": "0123456789abcdef",
        "tries": 0,
        "why": "too_late",
    }
    given.shown.tell("intake", "notice.given_up.v1", raiser, "notice:9")


async def test_each_sees_what_could_not_be_sent_to_them_and_an_operator_all_of_it(given: Given) -> None:
    browser = await offered(given, "mail")
    given_up(given)
    await browser.open(PATH)
    for words in ("housing-group", "对方拒收", "errcode 400102", "交办本部门"):
        assert words in browser.text
    assert browser.page.text.count("errcode 400102") == 1
    others = leader(given)
    given.asked.of("dispatch")["GET /staff/zhou/ways"] = (200, {"offered": OFFERED, "chosen": ["mail"]})
    await others.open(PATH)
    assert "errcode 400102" in others.text and "housing-group" not in others.text.replace("建设局钉钉群", "")
    well(given)
    operator = colleague(given, "yan", Role.OPERATOR, "")
    await operator.open("/operator")
    assert "最近一条未能送达的告知" in operator.text and 'href="/operator/notices"' in operator.page.text
    await operator.open("/operator/notices")
    for words in ("李强", "周平", "提出人", "期限内未能送达", "尝试 2 次", ISSUE):
        assert words in operator.text
    assert "0123456789abcdef" not in operator.page.text


@pytest.mark.parametrize("path", [PATH, "/operator/notices"])
async def test_who_raises_issues_finds_none_of_it(given: Given, path: str) -> None:
    given.registered()
    browser = given.browser()
    await browser.sign_in()
    assert "/ways" not in browser.page.text
    assert (await browser.open(path)).status_code == 404


async def test_only_an_operator_sees_what_could_not_be_sent_to_others(given: Given) -> None:
    at_work(given)
    for browser in (colleague(given), leader(given), colleague(given, "chen", Role.OFFICE, "")):
        assert (await browser.open("/operator/notices")).status_code == 404


async def test_what_was_given_up_is_found_without_reading_the_whole_timeline(given: Given) -> None:
    at_work(given)
    for query, about in ((notices.MINE, ("li", 20)), (notices.EVERYBODYS, (50,))):
        plan = [str(row[3]) for row in given.shown.reader().execute(f"EXPLAIN QUERY PLAN {query}", about)]
        assert all("USING INDEX timeline_of_" in step for step in plan), plan


async def test_the_history_of_an_issue_says_in_which_way_somebody_was_told(given: Given) -> None:
    at_work(given)
    data = {"issue": ISSUE, "about": "assigned", "to": "li", "way": "housing-group", "tries": 1}
    given.shown.tell("dispatch", "notice.staff_sent.v1", data, "notice:1")
    refused = {**data, "way": "oa", "why": "refused"}
    given.shown.tell("dispatch", "notice.staff_given_up.v1", refused, "notice:2")
    browser = colleague(given, "chen", Role.OFFICE, "")
    await browser.open("/issues/" + ISSUE)
    assert "已通过 housing-group 告知李强" in browser.text and "未能通过 oa 告知李强" in browser.text
