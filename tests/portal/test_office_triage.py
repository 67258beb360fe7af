"""Triage: what waits, whose matter it seems to be, and one step that takes it on, assigns it, and can be undone."""

import pytest

from shared.contract.words import Role
from tests.portal.given import ISSUE, NUMBER, TITLE, Given, refused
from tests.portal.office_given import (
    DEPARTMENTS,
    OFFICE,
    PATH,
    TRIAGE,
    clerk,
    directory,
    held,
    raised,
    sent,
    suggests,
)

OTHER = "AAAAAAAAAAAAA"


@pytest.fixture(autouse=True)
def _known(given: Given) -> None:
    directory(given)


async def test_what_waits_is_listed_with_its_words_the_department_and_why(given: Given) -> None:
    raised(given)
    suggests(given, "urban_management", "housing")
    browser = clerk(given)
    await browser.open(TRIAGE)
    assert all(
        word in browser.text for word in (TITLE, "市城管局", "路灯、照明", "线上专栏", "今天 17:00", "1 件")
    )
    assert "先装临时的" in browser.text and "职责：路灯、市政道路" in browser.text
    assert "企业会看到：3月16日 周一前由" in browser.text and "10 秒内可以撤销" in browser.text
    (asked,) = given.asked.bodies("/suggestions")
    assert asked["issues"][0]["title"] == TITLE


async def test_who_wrote_it_down_for_the_raiser_is_called_by_name(given: Given) -> None:
    raised(given, recorded_by="wang")
    browser = clerk(given)
    for address in (TRIAGE, f"{TRIAGE}/{ISSUE}", f"{OFFICE}/accept"):
        await browser.open(address)
        assert "王芳代为登记" in browser.text, address


async def test_beside_the_list_one_goes_back_to_it_and_on_a_page_of_its_own_to_the_issue(
    given: Given,
) -> None:
    raised(given)
    browser = clerk(given)
    for address, leads_back in ((TRIAGE, True), (f"{TRIAGE}/{ISSUE}", True), (f"{OFFICE}/accept", False)):
        await browser.open(address)
        assert ("返回列表" in browser.text) is leads_back, address


async def test_in_english_too(given: Given) -> None:
    raised(given)
    suggests(given, "urban_management")
    browser = clerk(given)
    await browser.open(f"/view?language=en&next={TRIAGE}")
    assert all(
        word in browser.text for word in ("To assign", "Accept and assign", "urban_management", "today 17:00")
    )


async def test_the_one_due_first_is_on_top_and_chosen(given: Given) -> None:
    raised(given)
    raised(given, OTHER, "供电不足")
    given.shown.tell("supervision", "clock.stopped.v1", {"clock": "assign", "round": 1}, ISSUE)
    browser = clerk(given)
    await browser.open(TRIAGE)
    page = browser.page.text
    assert 'aria-current="true" data-issue="' in page
    await browser.open(f"{TRIAGE}?issue={OTHER}")
    assert f'action="/office/issues/{OTHER}/accept"' in browser.page.text
    await browser.open(f"{TRIAGE}?show=accepted")
    assert "没有等待交办的问题" in browser.text


async def test_accepted_and_assigned_in_one_step_each_with_its_key_the_second_after_the_first(
    given: Given,
) -> None:
    raised(given)
    suggests(given, "urban_management")
    given.asked.answers[f"POST {PATH}/accept"] = (200, {"status": "done", "published": "/huzhou/intake=3"})
    browser = clerk(given)
    await browser.open(TRIAGE)
    await browser.send(f"{OFFICE}/accept", do="accept_and_assign")
    assert "受理并交办" in browser.text and "10 秒内可以撤销" in browser.text and "市城管局" in browser.text
    assert not given.asked.bodies(f"{PATH}/accept")
    await sent(given)
    assert given.asked.bodies(f"{PATH}/accept") == [{}]
    assert given.asked.bodies(f"{PATH}/assign") == [{"department": "urban_management"}]
    assert given.asked.requests[-1].headers["Qinqing-After"] == "/huzhou/intake=3"
    await browser.open(TRIAGE)
    assert "已送达" in browser.text


async def test_undone_within_ten_seconds_nothing_was_asked(given: Given) -> None:
    raised(given)
    suggests(given, "housing")
    browser = clerk(given)
    await browser.open(TRIAGE)
    await browser.send(f"{OFFICE}/accept", do="accept_and_assign")
    (errand,) = given.sending.errands.of("office:wang", given.now)
    await browser.send(f"/errands/{errand.id}/undo")
    assert "已撤销，没有送出" in browser.text
    await sent(given)
    assert not given.asked.bodies(f"{PATH}/accept")
    await browser.open(TRIAGE)
    await browser.send(f"{OFFICE}/accept", do="accept_and_assign")
    await sent(given)
    assert given.asked.bodies(f"{PATH}/accept") == [{}], "asked again it is another errand"


async def test_too_late_to_undo_it_is_told_how_far_it_is(given: Given) -> None:
    raised(given)
    browser = clerk(given)
    await browser.open(TRIAGE)
    await browser.send(f"{OFFICE}/accept", do="accept")
    (errand,) = given.sending.errands.of("office:wang", given.now)
    await sent(given)
    await browser.send(f"/errands/{errand.id}/undo")
    assert "已送达" in browser.text and given.asked.bodies(f"{PATH}/accept") == [{}]


async def test_another_department_than_suggested_is_chosen(given: Given) -> None:
    raised(given)
    suggests(given, "urban_management")
    browser = clerk(given)
    await browser.open(TRIAGE)
    await browser.send(f"{OFFICE}/accept", do="accept_and_assign", other="planning")
    await sent(given)
    assert given.asked.bodies(f"{PATH}/assign") == [{"department": "planning"}]


@pytest.mark.parametrize("code", ["", "nobody"])
async def test_without_a_department_that_exists_nothing_is_kept_and_the_page_says_so(
    given: Given, code: str
) -> None:
    raised(given)
    browser = clerk(given)
    await browser.open(TRIAGE)
    answer = await browser.send(f"{OFFICE}/accept", do="accept_and_assign", other=code)
    assert (
        answer.status_code == 422
        and "请选择由哪个部门办理" in browser.text
        and "没有规则命中" in browser.text
    )
    assert not given.sending.errands.of("office:wang", given.now)


async def test_what_is_taken_on_already_is_only_assigned(given: Given) -> None:
    given.registered()
    given.accepted()
    suggests(given, "housing")
    browser = clerk(given)
    await browser.open(TRIAGE)
    assert f'action="{OFFICE}/accept"' not in browser.page.text
    await browser.send(f"{OFFICE}/assign", do="assign")
    await sent(given)
    assert given.asked.bodies(f"{PATH}/assign") == [{"department": "housing"}]
    assert not given.asked.bodies(f"{PATH}/accept")


async def test_two_people_at_once_the_second_sees_that_the_first_is_at_it(given: Given) -> None:
    raised(given)
    suggests(given, "housing", "planning")
    first, second = clerk(given), clerk(given, "chen")
    await first.open(TRIAGE)
    await second.open(TRIAGE)
    await first.send(f"{OFFICE}/accept", do="accept_and_assign")
    answer = await second.send(f"{OFFICE}/accept", do="accept_and_assign", department="planning")
    assert answer.status_code == 422 and "王芳刚刚办理了这一件" in second.text
    await second.open(TRIAGE)
    assert "王芳 · 刚刚" in second.text and f'action="{OFFICE}/accept"' not in second.page.text
    await sent(given)
    assert given.asked.bodies(f"{PATH}/assign") == [{"department": "housing"}]


async def test_a_refusal_that_comes_later_is_shown_to_who_asked_with_the_issue_and_the_words(
    given: Given,
) -> None:
    raised(given)
    given.asked.answers[f"POST {PATH}/reject"] = refused("illegal_move", "当前状态不允许这样做")
    browser, other = clerk(given), clerk(given, "chen")
    await browser.open(f"{OFFICE}/reject")
    await browser.send(f"{OFFICE}/reject", ground="litigation", explanation="已由吴兴区法院立案。")
    await sent(given)
    await browser.open(TRIAGE)
    assert (
        "没有办成：不予受理" in browser.text
        and TITLE in browser.text
        and "当前状态不允许这样做" in browser.text
    )
    await other.open(TRIAGE)
    assert "没有办成" not in other.text
    await browser.open(PATH)
    assert "没有办成" in browser.text
    await browser.open(f"{OFFICE}/reject")
    assert "已由吴兴区法院立案。" in browser.page.text, "nothing typed is lost"
    (errand,) = given.sending.errands.of("office:wang", given.now)
    await browser.send(f"/errands/{errand.id}/read")
    assert "没有办成" not in browser.text


async def test_accepted_and_then_not_assigned_both_are_said(given: Given) -> None:
    raised(given)
    suggests(given, "housing")
    given.asked.answers[f"POST {PATH}/assign"] = refused("unknown_department", "没有这个部门")
    browser = clerk(given)
    await browser.open(TRIAGE)
    await browser.send(f"{OFFICE}/accept", do="accept_and_assign")
    await sent(given)
    await browser.open("/office/all")
    assert "已经受理，但没有交办" in browser.text and "没有这个部门" in browser.text


async def test_a_rejection_needs_its_ground_and_its_explanation(given: Given) -> None:
    raised(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/reject")
    answer = await browser.send(f"{OFFICE}/reject", ground="", explanation="")
    assert answer.status_code == 422 and "四种情形" in browser.text and "请说明理由" in browser.text
    answer = await browser.send(f"{OFFICE}/reject", ground="none", explanation="不归我们")
    assert answer.status_code == 422 and "不归我们" in answer.text
    await browser.send(f"{OFFICE}/reject", ground="petition", explanation="已由信访部门受理。")
    await sent(given)
    assert given.asked.bodies(f"{PATH}/reject") == [
        {"ground": "petition", "explanation": "已由信访部门受理。"}
    ]


async def test_what_came_from_a_talk_cannot_be_turned_down(given: Given) -> None:
    raised(given, origin="talk")
    browser = clerk(given)
    await browser.open(TRIAGE)
    assert "件件答复" in browser.text and f"{OFFICE}/reject" not in browser.page.text
    assert (await browser.open(f"{OFFICE}/reject")).status_code == 404


@pytest.mark.parametrize("away", ["dispatch", "everything"])
async def test_what_does_not_answer_takes_suggestions_or_words_away_and_nothing_else(
    given: Given, away: str
) -> None:
    raised(given)
    given.asked.answers["POST /suggestions"] = (503, {"title": "away"})
    given.asked.is_away = away == "everything"
    browser = clerk(given)
    assert (await browser.open(TRIAGE)).status_code == 200
    assert (NUMBER if given.asked.is_away else TITLE) in browser.text and "没有规则命中" in browser.text
    await browser.send(f"{OFFICE}/accept", do="accept_and_assign", other="housing")
    assert "10 秒内可以撤销" in browser.text


async def test_the_pane_alone_is_what_the_page_shows_beside_the_list(given: Given) -> None:
    raised(given)
    suggests(given, *DEPARTMENTS)
    browser = clerk(given)
    answer = await browser.open(f"{TRIAGE}/{ISSUE}?back=//evil.example")
    assert TITLE in answer.text and "<html" not in answer.text and "evil" not in answer.text


@pytest.mark.parametrize("role", [Role.HANDLER, Role.SUPERVISOR, Role.LEADER, Role.CLERK])
async def test_nobody_else_finds_these_pages(given: Given, role: Role) -> None:
    raised(given)
    held(given, OTHER)
    browser = clerk(given, "li", role, "housing")
    for path in (
        TRIAGE,
        f"{TRIAGE}/{ISSUE}",
        f"{OFFICE}/accept",
        f"{OFFICE}/reject",
        "/office/all",
        "/office/raise",
    ):
        assert (await browser.open(path)).status_code == 404, path


async def test_what_moved_on_meanwhile_leads_to_the_issue(given: Given) -> None:
    held(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/accept")
    assert browser.page.url.path == PATH and "现在的状态不能这样做" in browser.text
