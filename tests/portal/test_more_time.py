"""More time on pages: a department asks, the office decides, and everybody sees by when a reply is promised now."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contract.words import Role
from tests.portal.department import FIRST, PATH, at_work, colleague, dispatch, leader
from tests.portal.given import Given, refused, stamp
from tests.portal.office_given import OFFICE, clerk, directory
from tests.portal.projection.given import AT, ISSUE
from tests.portal.test_ladder import known_versions
from tests.unit.supervision.given import CALENDAR, DUE, MONDAY, POLICY

ASK, PAUSE, GO_ON = f"{PATH}/ask-extension", f"{PATH}/ask-pause", f"{PATH}/end-pause"
ABOUT = {"assignment": FIRST, "department": "housing", "round": 1, "request": 1}
WHY = "配件须从外地调运"


@pytest.fixture(autouse=True)
def _held(given: Given) -> None:
    """The housing department has an issue whose promise is due on 16 March."""
    directory(given)
    at_work(given)
    known_versions(given)
    tell(given, "assignment.signed.v1", {"assignment": FIRST, "department": "housing", "by": "housing/li"})
    clock = {"clock": "promise", "round": 1, "started_at": stamp(MONDAY), "due_at": stamp(DUE)}
    clock |= {"limit": "10wd", "policy": POLICY.version, "calendar": CALENDAR.version}
    tell(given, "clock.started.v1", clock, "supervision")
    dispatch(given)
    given.now = MONDAY + timedelta(days=1)


def tell(given: Given, type: str, data: dict[str, Any], owner: str = "dispatch") -> None:
    given.shown.tell(owner, type, data, at=AT)


def asked(given: Given, by: str = "housing/li") -> None:
    more = {"reason": WHY, "due_at": stamp(DUE), "until": "2026-03-20", "days": 4, "by": by}
    tell(given, "extension.asked.v1", {**ABOUT, **more})


def pause_asked(given: Given, granted: bool = False) -> None:
    ground = {"ground": "waiting_for_entrepreneur"}
    tell(given, "pause.asked.v1", {**ABOUT, **ground, "reason": "等图纸", "by": "housing/li"})
    if granted:
        ends = {"ends_at": stamp(MONDAY + timedelta(days=8)), "by": "chen"}
        tell(given, "pause.granted.v1", {**ABOUT, **ground, **ends})


def moved(given: Given) -> None:
    """The office granted four working days."""
    later = stamp(DUE + timedelta(days=4))
    dates = {"original_due_at": stamp(DUE), "old_due_at": stamp(DUE), "due_at": later}
    tell(given, "extension.granted.v1", {**ABOUT, **dates, "days": 4, "by": "wang"})
    clock = {
        "clock": "promise",
        "round": 1,
        "old_due_at": stamp(DUE),
        "due_at": later,
        "because": "extension",
    }
    clock |= {"by": "wang", "policy": POLICY.version, "calendar": CALENDAR.version}
    tell(given, "clock.recalculated.v1", clock, "supervision")


async def test_a_handler_asks_for_a_day_with_a_reason_and_is_shown_which_days_there_are(given: Given) -> None:
    browser = colleague(given)
    await browser.open(PATH)
    assert f'href="{ASK}"' in browser.page.text
    await browser.open(ASK)
    assert "最多可延期10个工作日，至3月30日" in browser.text
    assert "3月13日" in browser.text, "until when it may be asked for"
    assert (await browser.send(ASK, until="三月底", reason="")).status_code == 422
    assert "例如 2026-12-31" in browser.text and "请写明延期的理由" in browser.text
    await browser.send(ASK, until="2026-03-20", reason=WHY)
    assert given.asked.bodies(ASK) == [{"assignment": FIRST, "until": "2026-03-20", "reason": WHY}]
    assert "已申请延期" in browser.text


@pytest.mark.parametrize("reason", ["date_too_far", "no_working_day", "date_too_early"])
async def test_a_day_that_cannot_be_is_said_beside_its_field_and_nothing_typed_is_lost(
    given: Given, reason: str
) -> None:
    browser = leader(given)
    await browser.open(ASK)
    given.asked.answers[f"POST {ASK}"] = refused(reason, "这一天不行")
    assert (await browser.send(ASK, until="2026-03-21", reason=WHY)).status_code == 422
    assert 'id="until-wrong"' in browser.page.text and WHY in browser.page.text


async def test_what_was_asked_for_already_is_not_asked_again(given: Given) -> None:
    asked(given)
    browser = colleague(given)
    await browser.open(PATH)
    assert f'href="{ASK}"' not in browser.page.text
    assert "不能" in (await browser.open(ASK)).text
    await browser.open("/handling")
    assert "已申请延期，等待交办办公室决定" in browser.text


async def test_the_office_finds_it_on_its_list_and_grants_what_it_has_read(given: Given) -> None:
    asked(given)
    browser = clerk(given)
    await browser.open("/office/decisions")
    assert WHY in browser.text and f'href="{OFFICE}/decide-extension"' in browser.page.text
    await browser.open(f"{OFFICE}/decide-extension")
    assert "延长4个工作日" in browser.text and WHY in browser.text
    assert (await browser.send(f"{OFFICE}/decide-extension")).status_code == 422
    await browser.send(f"{OFFICE}/decide-extension", granted="yes", reason="")
    assert given.asked.bodies(f"{PATH}/grant-extension") == [{"assignment": FIRST, "request": 1}]
    assert "承诺期限已顺延" in browser.text


async def test_who_refuses_says_why(given: Given) -> None:
    asked(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/decide-extension")
    assert (await browser.send(f"{OFFICE}/decide-extension", granted="no", reason="")).status_code == 422
    assert "请写明不同意的理由" in browser.text
    await browser.send(f"{OFFICE}/decide-extension", granted="no", reason="时间足够")
    body = {"assignment": FIRST, "request": 1, "reason": "时间足够"}
    assert given.asked.bodies(f"{PATH}/refuse-extension") == [body]


async def test_who_asked_for_it_does_not_find_the_form(given: Given) -> None:
    asked(given, by="housing/wang")
    browser = clerk(given)
    await browser.open(f"{OFFICE}/decide-extension")
    assert "须由同事决定" in browser.text and 'name="granted"' not in browser.page.text


async def test_what_moved_meanwhile_is_said_and_what_was_typed_stays(given: Given) -> None:
    asked(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/decide-extension")
    given.asked.answers[f"POST {PATH}/refuse-extension"] = refused(
        "stale_request", "这项申请已有变动，请先查看"
    )
    assert (
        await browser.send(f"{OFFICE}/decide-extension", granted="no", reason="时间足够")
    ).status_code == 422
    assert "时间足够" in browser.page.text and "刚刚有了新进展" in browser.text


@pytest.mark.parametrize("role", [Role.ENTREPRENEUR, Role.OFFICE])
async def test_everybody_sees_the_new_date_and_the_first_one(given: Given, role: Role) -> None:
    asked(given)
    moved(given)
    browser = given.browser() if role is Role.ENTREPRENEUR else clerk(given)
    if role is Role.ENTREPRENEUR:
        await browser.sign_in()
    await browser.open(PATH)
    assert "3月20日" in browser.text and "原承诺期限为" in browser.text
    assert "期限调整：承诺答复" in browser.text.replace(" ", "") and "同意延期" in browser.text


async def test_a_pause_is_asked_for_on_a_ground_and_a_statutory_one_with_its_basis(given: Given) -> None:
    browser = colleague(given)
    await browser.open(PAUSE)
    assert (await browser.send(PAUSE, reason="等图纸")).status_code == 422
    assert "请从三种理由中选择一种" in browser.text
    answer = await browser.send(PAUSE, ground="statutory_procedure", basis="", reason="等图纸")
    assert answer.status_code == 422 and 'id="basis-wrong"' in browser.page.text
    await browser.send(PAUSE, ground="statutory_procedure", basis="《行政许可法》第四十五条", reason="须评审")
    (body,) = given.asked.bodies(PAUSE)
    assert body == {
        "assignment": FIRST,
        "ground": "statutory_procedure",
        "basis": "《行政许可法》第四十五条",
        "reason": "须评审",
    }


@pytest.mark.parametrize(
    ("granted", "path", "more"),
    [("yes", "grant-pause", {}), ("no", "refuse-pause", {"reason": "材料已齐"})],
)
async def test_the_office_decides_on_a_pause(
    given: Given, granted: str, path: str, more: dict[str, str]
) -> None:
    pause_asked(given)
    browser = clerk(given)
    await browser.open("/office/decisions")
    assert f'href="{OFFICE}/decide-pause"' in browser.page.text
    await browser.open(f"{OFFICE}/decide-pause")
    assert "等待企业补充情况" in browser.text and "等图纸" in browser.text
    await browser.send(f"{OFFICE}/decide-pause", granted=granted, **{"reason": "", **more})
    assert given.asked.bodies(f"{PATH}/{path}") == [{"assignment": FIRST, "request": 1, **more}]


async def test_while_it_is_paused_nothing_is_late_and_its_people_go_on_with_it(given: Given) -> None:
    pause_asked(given, granted=True)
    given.now = DUE + timedelta(days=3)
    browser = colleague(given)
    await browser.open(PATH)
    assert "暂停计时中" in browser.text and "逾期" not in browser.text
    assert f'href="{GO_ON}"' in browser.page.text and f'href="{ASK}"' not in browser.page.text
    await browser.open("/handling")
    assert "已暂停" in browser.text and "恢复前不计入办理时间" in browser.text
    await browser.open(GO_ON)
    assert "等图纸" in browser.text
    await browser.send(GO_ON, reason="图纸已到")
    assert given.asked.bodies(GO_ON) == [{"assignment": FIRST, "reason": "图纸已到", "request": 1}]


async def test_the_board_leaves_out_what_is_paused(given: Given) -> None:
    given.now = DUE + timedelta(days=3)
    browser = colleague(given, "shen", Role.SUPERVISOR, "")
    await browser.open("/board")
    assert f'id="row-{ISSUE}"' in browser.page.text
    pause_asked(given, granted=True)
    await browser.open("/board")
    assert f'id="row-{ISSUE}"' not in browser.page.text


async def test_the_office_ends_a_pause_with_a_reason(given: Given) -> None:
    pause_asked(given, granted=True)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/end-pause")
    assert (await browser.send(f"{OFFICE}/end-pause", reason="")).status_code == 422
    await browser.send(f"{OFFICE}/end-pause", reason="企业已补充")
    assert given.asked.bodies(GO_ON) == [{"assignment": FIRST, "reason": "企业已补充", "request": 1}]


async def test_the_raiser_is_told_of_the_pause_and_of_its_end_and_not_of_what_was_only_asked(
    given: Given,
) -> None:
    asked(given)
    pause_asked(given, granted=True)
    tell(given, "pause.ended.v1", {**ABOUT, "because": "time_over"})
    browser = given.browser()
    await browser.sign_in()
    await browser.open(PATH)
    assert "暂停计时：等待企业补充情况" in browser.text and "暂停期满，恢复计时" in browser.text
    assert "申请延期" not in browser.text and "等图纸" not in browser.text
