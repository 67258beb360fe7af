"""Leaders' instructions on pages: written, listed with what was reported, reported on, taken back; and late rulings."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contract.event import MAX_REASON_CHARS
from shared.contract.words import Role
from tests.portal import office_given
from tests.portal.department import at_work, colleague, leader, named
from tests.portal.given import Browser, Given, refused, stamp
from tests.portal.projection.given import AT, ISSUE
from tests.portal.test_board import official

PATH = f"/issues/{ISSUE}"
GIVE, REPORT = f"{PATH}/give-instruction", f"{PATH}/instructions/1/report"
TAKE_BACK = f"{PATH}/instructions/1/take-back"
WORDS = "请分管领导三日内到现场核实，并报结果。"


def instructed(given: Given, number: int = 1, by: str = "shen", **values: Any) -> None:
    """An instruction to the department that holds the issue, and its clock."""
    due = stamp(given.now + timedelta(days=3))
    told = {"instruction": number, "department": "housing", "assignment": f"{ISSUE}.1", "words": WORDS}
    told |= {"limit": "3d", "due_at": due, "by": by, **values}
    given.shown.tell("supervision", "instruction.given.v1", told, at=AT)
    started = {"clock": "instruction", "round": number, "started_at": stamp(AT), "due_at": due, "limit": "3d"}
    given.shown.tell(
        "supervision", "clock.started.v1", {**started, "policy": "default-1", "calendar": "2026-1"}
    )


def answered(given: Given) -> None:
    """A reply of the department is out."""
    released = {"assignment": f"{ISSUE}.1", "department": "housing", "round": 1, "draft": 1}
    released |= {"sha256": "1" * 64, "outcome": "solved", "outcome_class": "A", "text": "已装", "by": "wang"}
    given.shown.tell("dispatch", "reply.released.v1", released)


def merged(given: Given, code: str, into: str, since: datetime | None = None) -> None:
    """A department's work goes to another one."""
    entry = {"name_zh": code, "name_en": code, "level": "city", "head": "局长", "by": "chen"}
    entry |= {
        "version": "9",
        "in_force_from": stamp(since or given.now - timedelta(hours=1)),
        "merged_into": into,
    }
    given.shown.topics.version("dispatch", "department.published.v1", f"dept:{code}", entry, seq=9)
    given.shown.apply()


def mayor(given: Given) -> Browser:
    return official(given, Role.LEADER)


async def test_a_leader_writes_an_instruction_to_whoever_was_read_to_hold_it(given: Given) -> None:
    at_work(given)
    browser = mayor(given)
    await browser.open(PATH)
    assert f'href="{GIVE}"' in browser.page.text
    await browser.open(GIVE)
    assert "批示即时送达市建设局" in browser.text
    assert (await browser.send(GIVE)).status_code == 422 and "请写明要求承办部门做什么" in browser.text
    await browser.send(GIVE, words=WORDS, due_on="2026-03-10")
    assert given.asked.bodies(GIVE) == [{"words": WORDS, "due_on": "2026-03-10", "department": "housing"}]
    assert "批示已送出" in browser.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"words": WORDS, "due_on": "明天"}, "请写明要求在哪个工作日前报告"),
        ({"words": "长" * (MAX_REASON_CHARS + 1)}, f"最多 {MAX_REASON_CHARS} 个字"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_kept(
    given: Given, typed: dict[str, str], said: str
) -> None:
    at_work(given)
    browser = mayor(given)
    await browser.open(GIVE)
    assert (await browser.send(GIVE, **typed)).status_code == 422
    assert said in browser.text and typed["words"] in browser.page.text
    assert not given.asked.bodies(GIVE)


async def test_what_the_service_refuses_is_said_and_the_words_are_kept(given: Given) -> None:
    at_work(given)
    browser = mayor(given)
    await browser.open(GIVE)
    given.asked.answers[f"POST {GIVE}"] = refused("no_working_day", "这一天不是工作日")
    assert (await browser.send(GIVE, words=WORDS, due_on="2026-03-14")).status_code == 422
    assert WORDS in browser.page.text and 'aria-invalid="true"' in browser.page.text


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.OFFICE, Role.CPPCC])
async def test_nobody_but_a_leader_instructs_or_has_a_list(given: Given, role: Role) -> None:
    at_work(given)
    browser = official(given, role)
    for path in (GIVE, "/instructions"):
        assert (await browser.open(path)).status_code == 404


async def test_of_one_issue_no_more_are_offered_than_may_be_open(given: Given) -> None:
    at_work(given)
    for number in range(1, 6):
        instructed(given, number)
    browser = mayor(given)
    await browser.open(PATH)
    assert f'href="{GIVE}"' not in browser.page.text and "领导批示" in browser.text
    await browser.open(GIVE)
    assert "问题当前的状态" in browser.text or "not_now" in str(browser.page.url)


async def test_a_leaders_list_shows_what_was_reported_and_what_is_owed(given: Given) -> None:
    at_work(given)
    instructed(given)
    instructed(given, 2)
    instructed(given, 3, by="qian")
    told = {"instruction": 1, "department": "housing", "words": "已核实，月底前装好。", "by": "li"}
    given.shown.tell("supervision", "instruction.reported.v1", told)
    browser = mayor(given)
    await browser.open("/instructions")
    assert "已核实，月底前装好。" in browser.text and "待报告" in browser.text
    assert browser.page.text.count(WORDS) == 2  # the third is another leader's
    await browser.open("/instructions?open=1")
    assert "已核实" not in browser.text and browser.page.text.count(WORDS) == 1


async def test_an_empty_list_says_what_to_do(given: Given) -> None:
    browser = mayor(given)
    await browser.open("/instructions")
    assert "还没有批示" in browser.text and "在问题页面上可对承办部门作出批示" in browser.text


async def test_the_department_reads_it_in_its_queue_and_on_the_issue_and_reports(given: Given) -> None:
    at_work(given)
    named(given, "li")
    instructed(given)
    browser = colleague(given)
    await browser.open("/handling")
    assert "领导批示" in browser.text
    await browser.open(PATH)
    assert WORDS in browser.text and f'href="{REPORT}"' in browser.page.text
    await browser.open(REPORT)
    assert WORDS in browser.text
    assert (await browser.send(REPORT)).status_code == 422 and "请写明落实情况" in browser.text
    await browser.send(REPORT, words="已核实")
    asked = given.asked.bodies(f"{PATH}/report-instruction")
    assert asked == [{"instruction": 1, "words": "已核实"}]
    assert "已报送" in browser.text


async def test_once_a_reply_is_out_an_open_instruction_stands_in_a_list_of_its_own(given: Given) -> None:
    at_work(given)
    named(given, "li")
    instructed(given)
    answered(given)
    for browser in (colleague(given), leader(given)):
        await browser.open("/handling")
        assert "领导待报告" in browser.text and f'id="i-{ISSUE}"' in browser.page.text
    told = {"instruction": 1, "department": "housing", "words": "已核实", "by": "li"}
    given.shown.tell("supervision", "instruction.reported.v1", told)
    await browser.open("/handling")
    assert f'id="i-{ISSUE}"' not in browser.page.text


async def test_the_successor_of_a_merged_department_finds_what_is_owed_and_reports(given: Given) -> None:
    at_work(given)
    named(given, "li")
    instructed(given)
    answered(given)
    successor = colleague(given, "fang", department="planning")
    assert (await successor.open(PATH)).status_code == 404
    merged(given, "housing", "planning")
    for path in ("/handling", PATH, f"/search?q={ISSUE}"):
        await successor.open(path)
        assert ISSUE in successor.page.text, path
    await successor.open("/handling")
    assert "领导待报告" in successor.text and f'id="i-{ISSUE}"' in successor.page.text
    await successor.open(REPORT)
    await successor.send(REPORT, words="已核实")
    assert given.asked.bodies(f"{PATH}/report-instruction") == [{"instruction": 1, "words": "已核实"}]
    await colleague(given).open(PATH)  # its own people read it as before
    other = colleague(given, "qian", department="police")
    assert (await other.open(PATH)).status_code == 404
    await other.open("/handling")
    assert f'id="i-{ISSUE}"' not in other.page.text


async def test_of_mergers_that_cross_the_last_does_not_count(given: Given) -> None:
    at_work(given)
    instructed(given)
    answered(given)
    merged(given, "housing", "planning")
    merged(given, "planning", "housing", since=given.now - timedelta(minutes=1))
    assert (await colleague(given, "fang", department="planning").open(PATH)).status_code == 200


async def test_only_who_gave_it_takes_it_back_and_says_why(given: Given) -> None:
    at_work(given)
    instructed(given)
    instructed(given, 2, by="qian")
    browser = mayor(given)
    await browser.open(PATH)
    assert f'href="{TAKE_BACK}"' in browser.page.text
    assert f"{PATH}/instructions/2/take-back" not in browser.page.text
    assert (await browser.open(f"{PATH}/instructions/2/take-back")).status_code == 404
    await browser.open(TAKE_BACK)
    assert (await browser.send(TAKE_BACK)).status_code == 422 and "请写明收回的理由" in browser.text
    await browser.send(TAKE_BACK, reason="已当面听取汇报")
    asked = given.asked.bodies(f"{PATH}/take-back-instruction")
    assert asked == [{"instruction": 1, "reason": "已当面听取汇报"}]


async def test_what_ended_meanwhile_is_not_asked_for_again(given: Given) -> None:
    at_work(given)
    instructed(given)
    given.shown.tell(
        "supervision", "instruction.taken_back.v1", {"instruction": 1, "reason": "已听取汇报", "by": "shen"}
    )
    browser = colleague(given)
    await browser.open(REPORT)
    assert "done=not_now" in str(browser.page.url)
    await browser.open(PATH)
    assert "已收回" in browser.text and "已听取汇报" in browser.text


async def test_the_history_tells_of_it_in_sentences_and_to_officials_alone(given: Given) -> None:
    at_work(given)
    instructed(given)
    browser = mayor(given)
    await browser.open(PATH)
    assert "沈岚批示市建设局" in browser.text.replace(" ", "") or "批示市建设局" in browser.text
    raiser = given.browser()
    await raiser.sign_in()
    await raiser.open(PATH)
    assert "批示" not in raiser.text


async def test_a_calendar_that_moves_the_date_moves_it_on_the_list(given: Given) -> None:
    at_work(given)
    instructed(given)
    later = stamp(given.now + timedelta(days=9))
    moved = {"clock": "instruction", "round": 1, "old_due_at": stamp(given.now + timedelta(days=3))}
    moved |= {"due_at": later, "because": "calendar", "policy": "default-1", "calendar": "2026-2"}
    given.shown.tell("supervision", "clock.recalculated.v1", moved)
    found = given.shown.reader().execute("SELECT due_at FROM instruction").fetchone()[0]
    assert found == int((given.now + timedelta(days=9)).timestamp() * 1000)


async def test_the_offices_list_of_returns_shows_the_time_left_to_rule(given: Given) -> None:
    office_given.returned(given)
    office_given.runs(given, "ruling", hours=8, assignment=f"{ISSUE}.1")
    browser = official(given, Role.OFFICE)
    await browser.open("/office/returns")
    assert "退回裁定" in browser.text


async def test_a_reminder_says_what_is_late(given: Given) -> None:
    office_given.returned(given)
    known = {"kind": "reminder", "year": 2026, "step": 1, "round": 1, "by": ""}
    for id, number, more in (
        ("d1", 1, {"clock": "ruling", "department": ""}),
        ("d2", 2, {"clock": "instruction", "department": "housing"}),
    ):
        told = {"document": id, "number": number, **known, **more}
        given.shown.tell("supervision", "document.issued.v1", told)
    browser = official(given)
    await browser.open(f"{PATH}/documents/d1")
    assert "退回裁定期限已过" in browser.text and "交办办公室" in browser.text
    await browser.open(f"{PATH}/documents/d2")
    assert "批示已过报告期限" in browser.text
