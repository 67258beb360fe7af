"""What is wrong in a notice or a policy is said in the language of the page: where, what, and what would be right."""

import json
import re
from html import unescape
from typing import Any

import pytest

from shared.contract.words import Role
from shared.handwritten import WrongFile
from shared.year_notices import notice_in
from tests.portal.given import Browser, Given
from tests.portal.test_board import official
from tests.portal.test_renewing import PATH, TEXT, december
from tests.unit.supervision.given import CALENDAR, POLICY

ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,}")
HEADER = TEXT.splitlines()[0]
LINE = len(TEXT.splitlines()) + 1
"""On which what is added stands."""
ADDED = {
    "a day twice": (
        "2027-01-01,rest,元旦,x",
        f"通知，第 {LINE} 行，date 列：2027-01-01 重复出现，第 2 行已有",
    ),
    "a make-up day from Monday to Friday": (
        "2027-01-05,work,补班,x",
        f"通知，第 {LINE} 行，kind 列：2027-01-05 本来就是工作日，补班日只能是周六或周日",
    ),
    "no date": ("2027-13-01,rest,x,x", "date 列：'2027-13-01' 不是 1970 至 2149 年间的日期"),
    "neither kind": ("2027-04-03,holiday,x,x", "kind 列：'holiday' 既不是 work（上班）也不是 rest（休息）"),
    "no name": ("2027-04-03,rest,,x", "name 列：未填写，例如 春节"),
    "too few columns": ("2027-04-03,rest,x", f"第 {LINE} 行：有 3 列，应为 4 列：date,kind,name,source"),
    "another year": ("2028-04-03,rest,x,x", "date 列：2028-04-03 与其他各行不同，不在 2027 年"),
    "an open quotation mark": ('2027-04-03,rest,"x,x', f"第 {LINE} 行：不是合法的 CSV，请检查引号是否成对"),
}
NOTICES = {name: (f"{TEXT.strip()}\n{row}", said) for name, (row, said) in ADDED.items()} | {
    "a make-up day on a day that every notice names as rest": (
        TEXT.replace("2027-05-01,rest", "2027-05-01,work"),
        "kind 列：2027-05-01 在此列为上班，而每年的通知都将这一天列为休息日",
    ),
    "a day that every notice names is missing": (
        TEXT.replace("2027-10-01,rest", "2027-10-08,rest"),
        "通知，date 列：缺少 2027-10-01，每年的通知都将这一天列为休息日",
    ),
    "no such columns": ("day,kind\n2027-01-01,rest", "第 1 行：各列应为 date,kind,name,source"),
    "no row": (HEADER, "第 2 行：没有任何数据行"),
}


def changed(**change: Any) -> str:
    return json.dumps({**json.loads(POLICY.model_dump_json()), "version": "two", **change})


def ladder(place: int, **change: Any) -> str:
    steps = json.loads(POLICY.model_dump_json())["ladder"]
    return changed(ladder=[*steps[:place], {**steps[place], **change}, *steps[place + 1 :]])


STEPS = json.loads(POLICY.model_dump_json())["ladder"]
POLICIES = {
    "a step is missing": (
        changed(ladder=[*STEPS[:2], *STEPS[3:]]),
        "时限规定：ladder[2]：缺少第 3 级（yellow_light）",
    ),
    "a step twice": (changed(ladder=[STEPS[0], STEPS[0], *STEPS[2:]]), "第 1 级已有：每级只能出现一次"),
    "steps in another order": (
        changed(ladder=[STEPS[1], STEPS[0], *STEPS[2:]]),
        "第 1 级排在第 2 级之后：各级须由低到高排列",
    ),
    "a step by another name": (
        ladder(2, name="red_light"),
        "第 3 级应为 yellow_light，现为 red_light",
    ),
    "the first step later": (ladder(0, after_days=1), "第 1 级（reminder）随逾期即时触发"),
    "a later step at once": (ladder(1, after_days=0), "第 2 级（supervision_order）在其后触发"),
    "a step that nobody signs": (ladder(3, signed=False), "第 4 级（red_light）须由具名人员签发"),
    "no such name of a step": (ladder(3, name="blue_light"), "字段 ladder.3.name：应为其中之一：'reminder'"),
    "a number that is none": (changed(extensions="two"), "时限规定，字段 extensions：应为整数，现为 'two'"),
    "a number that is too small": (changed(grace_seconds=-1), "字段 grace_seconds：应不小于 0，现为 '-1'"),
    "a version that is too long": (changed(version="x" * 101), "字段 version：最多 100 个字"),
    "no time": (changed(office_day_end="late"), "字段 office_day_end：应为时刻，例如 08:30，现为 'late'"),
    "times that do not rise": (changed(office_hours=[]), "办公时间应为本地时刻，由早到晚排列"),
    "no such field": (changed(grace=5), "字段 grace：没有这个字段"),
    "a field is missing": ('{"version": "two"}', "字段 limits：缺少这一项，必须填写"),
    "a clock without a limit": (changed(limits={"promise": "10wd"}), "limits 缺少 assign"),
    "no such limit": (changed(limits={"promise": "ten"}), "字段 limits.promise：'ten' 不是时限"),
    "no such clock": (changed(warnings={"lunch": ["70%"]}), "没有名为 lunch 的计时"),
    "no such warning": (changed(warnings={"promise": ["often"]}), "'often' 不是预警点：请写 \"70%\""),
    "no JSON": ('{"version": }', "时限规定，第 1 行第 13 个字符：不是合法的 JSON"),
    "a key twice": ('{"version": "a", "version": "b"}', "同一个对象中键 'version' 出现了两次"),
    "a list": ("[]", "时限规定，第 1 行：请写成一个 JSON 对象 {...}，现为：列表"),
    "a number that cannot be read": ("1" * 5000, "时限规定：无法按 JSON 读取"),
}


def faults(browser: Browser) -> str:
    """What stands beside the content."""
    (found,) = re.findall(r'id="content-wrong">(.*?)</p>', browser.page.text, re.DOTALL)
    return unescape(re.sub(r"<[^>]*>", "", found))


async def checked(given: Given, kind: str, content: str, language: str = "zh") -> str:
    """What is said to be wrong with it."""
    december(given)
    browser = official(given, Role.SUPERVISOR, language=language)
    await browser.open(PATH)
    answer = await browser.send(PATH, kind=kind, content=content)
    assert answer.status_code == 422
    return faults(browser)


@pytest.mark.parametrize("name", NOTICES)
async def test_what_is_wrong_in_a_notice_is_said_in_chinese(given: Given, name: str) -> None:
    content, said = NOTICES[name]
    found = await checked(given, "notice", content)
    assert said in found and not ENGLISH.search(found), found


@pytest.mark.parametrize("name", POLICIES)
async def test_what_is_wrong_in_a_policy_is_said_in_chinese(given: Given, name: str) -> None:
    content, said = POLICIES[name]
    found = await checked(given, "policy", content)
    assert said in found and not ENGLISH.search(found), found


@pytest.mark.parametrize("name", NOTICES)
async def test_on_an_english_page_it_is_the_sentence_of_the_command_line(given: Given, name: str) -> None:
    content, _ = NOTICES[name]
    with pytest.raises(WrongFile) as error:
        notice_in(content.strip(), "Notice")
    assert await checked(given, "notice", content, "en") == str(error.value)


async def test_on_an_english_page_a_policy_is_told_in_english(given: Given) -> None:
    found = await checked(given, "policy", changed(extensions="two"), "en")
    assert found == (
        "Policy, field extensions: Input should be a valid integer, unable to parse string as an integer, not 'two'"
    )


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", "kind 列：{} 已发布为 work（{}，{}），此处为 rest，请改正文件，或勾选“以这份通知为准"),
        (
            "en",
            "Notice, column kind: {} is published as work ({}, {}), and is rest here; correct the file, or tick",
        ),
    ],
)
async def test_a_day_that_is_published_otherwise_names_what_this_page_has_for_it(
    given: Given, language: str, said: str
) -> None:
    days = [day for day in CALENDAR.days.values() if day.on.year == 2026]
    make_up = next(day for day in days if day.is_work)
    rows = [
        f"{day.on},{'work' if day.is_work and day is not make_up else 'rest'},{day.name},{day.source}"
        for day in days
    ]
    found = await checked(given, "notice", "\n".join([HEADER, *rows]), language)
    assert said.format(make_up.on, make_up.name, make_up.source) in found and "--replace" not in found
    assert language == "en" or not ENGLISH.search(found)
