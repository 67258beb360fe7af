"""The whole record of a talk in a spreadsheet: faults by row and column, all or nothing, the same twice is once."""

import io
from datetime import timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.portal import department
from tests.portal.given import DONE, WU, Browser, Given, refused
from tests.portal.projection.given import ISSUE
from tests.portal.talks_given import TALK, WEDNESDAY, announced, of_the_talk, signed_up

LU, IMPORT = "clerk:lu", f"/talks/{TALK}/import"
PREVIEW = f"{IMPORT}/preview"
FIRM = "91330500MA2B4N6X8J"
HEAD = "发言人,电话,企业,原话,种类,紧急,领办部门,结果,答复"
ROWS = f"""{HEAD}
吴某,,南太湖丝绸,"扩产缺三十亩地，隔壁空着。",问题,是,市建设局,,
钱某,13900000000,,建议开夜间公交。,建议,,周平,采纳,本月内开通。"""


@pytest.fixture
def town(given: Given) -> Given:
    """A talk under way, with somebody of an enterprise on its list and a department that is there."""
    given.officials(feng="federation", lu="clerk", hu="clerk")
    department.people(given)
    firm = {"name": "南太湖丝绸", "revision": 1, "by": "lu"}
    given.shown.tell("intake", "enterprise.registered.v1", firm, f"enterprise:{FIRM}")
    announced(given)
    signed_up(given, enterprise=FIRM)
    given.shown.tell("intake", "talk.opened.v1", {"by": "lu"}, f"talk:{TALK}")
    of_the_talk(given, ISSUE, phase="at", recorded_by="lu")
    given.accepted()
    given.now = WEDNESDAY + timedelta(hours=1)
    given.asked.answers["POST /issues"] = 201, {**DONE, "id": ISSUE, "number": "7K3M-9QXT-2B4N-6X"}
    given.asked.answers["POST /people/find"] = 200, {"person": "cd" * 16}
    return given


async def at_the_table(town: Given, who: str = LU) -> Browser:
    browser = town.browser()
    await browser.sign_in(who)
    await browser.open(IMPORT)
    return browser


async def test_a_table_is_shown_before_anything_is_recorded_and_then_recorded_row_by_row(town: Given) -> None:
    browser = await at_the_table(town)
    await browser.send(IMPORT, content=ROWS)
    assert not town.asked.bodies("/issues")
    for said in ("南太湖丝绸", "扩产缺三十亩地，隔壁空着", "市建设局 · 周平", "已当场答复"):
        assert said in browser.text, said
    await browser.send(PREVIEW)
    first, second = town.asked.bodies("/issues")
    assert (first["person"], first["enterprise"], first["urgent"], first["phase"]) == (WU, FIRM, True, "at")
    assert (second["person"], second["kind"]) == ("cd" * 16, "suggestion")
    assert town.asked.bodies(f"/issues/{ISSUE}/claim") == [{"official": "zhou"}]
    said = {"official": "zhou", "outcome": "adopted", "text": "本月内开通。"}
    assert town.asked.bodies(f"/issues/{ISSUE}/answer-on-the-spot") == [said]
    assert browser.page.url.path == f"/talks/{TALK}/room"


async def test_what_is_pasted_names_others_and_is_kept_on_the_server_alone(town: Given) -> None:
    browser = await at_the_table(town)
    assert "data-keep" not in browser.page.text and "data-quiet" in browser.page.text
    answer = await browser.send(IMPORT, content=ROWS, do="quietly")
    assert answer.status_code == 204
    again = await at_the_table(town)
    assert "扩产缺三十亩地" in again.text and not town.asked.bodies("/issues")


async def test_the_same_table_twice_asks_for_the_same_again(town: Given) -> None:
    for _ in range(2):
        browser = await at_the_table(town)
        await browser.send(IMPORT, content=ROWS)
        await browser.send(PREVIEW)
    keys = town.asked.keys("/issues")
    assert (len(keys), len(set(keys))) == (4, 2)


async def test_what_somebody_else_has_recorded_is_not_recorded_again(town: Given) -> None:
    town.shown.tell(
        "intake",
        "issue.accepted.v1",
        {"title": "扩产", "text": "扩产缺三十亩地，隔壁空着。", "by": "lu"},
        "TTTTTTTTTTTT9",
    )
    of_the_talk(town, "TTTTTTTTTTTT9", phase="at", recorded_by="hu")
    town.shown.tell(
        "intake",
        "issue.accepted.v1",
        {"title": "扩产", "text": "扩产缺三十亩地，隔壁空着。", "by": "hu"},
        "TTTTTTTTTTTT9",
    )
    browser = await at_the_table(town)
    await browser.send(IMPORT, content=ROWS)
    assert "1 条已记录过" in browser.text
    await browser.send(PREVIEW)
    assert [one["text"] for one in town.asked.bodies("/issues")] == ["建议开夜间公交。"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("吴某,,无此企业,有地,,,,,", "第 2 行“企业”列：请填写发言人的电话"),
        (",,,有地,,,,,", "第 2 行“电话”列：请填写发言人的电话"),
        ("吴某,139,,,,,,,", "第 2 行“原话”列：请写 1 到 20000 个字"),
        ("吴某,139,,有地,牢骚,,,,", "第 2 行“种类”列：请写 问题、建议 之一，不是“牢骚”"),
        ("吴某,139,,有地,,也许,,,", "第 2 行“紧急”列"),
        ("吴某,139,,有地,,,市交通局,,", "第 2 行“领办部门”列：不是到场部门；可写：市建设局"),
        ("吴某,139,,有地,,,市建设局,,已公示", "第 2 行“结果”列"),
        ("吴某,139,,有地,,,市建设局,采纳,已公示", "第 2 行“结果”列：请写"),
        ("吴某,139,,有地,,,,已解决,已公示", "第 2 行“领办部门”列：请写由哪个部门答复"),
        ("吴某,139,,有地,,,李强,已解决,已公示", "第 2 行“领办部门”列：不是到场部门"),  # no leader
        ("吴某,139,,有地,,,市建设局,列入计划,年内", "第 2 行“办成日期”列"),
        ("吴某,139,,有地,,,,,\n吴某,139,,有地,,,,,", "第 3 行“原话”列：与第 2 行相同"),
    ],
)
async def test_what_is_wrong_is_said_by_row_and_column_and_nothing_is_recorded(
    town: Given, row: str, said: str
) -> None:
    browser = await at_the_table(town)
    answer = await browser.send(IMPORT, content=f"{HEAD}\n{row}")
    assert answer.status_code == 422
    assert said in browser.text
    assert row.split("\n")[0] in answer.text
    assert (await browser.open(PREVIEW)).url.path == IMPORT  # nothing to be recorded
    assert not town.asked.bodies("/issues")


async def test_a_phone_that_is_none_and_one_of_nobody_are_found_before_anything_is_recorded(
    town: Given,
) -> None:
    browser = await at_the_table(town)
    town.asked.answers["POST /people/find"] = 200, {"person": None}
    await browser.send(IMPORT, content=f"{HEAD}\n,13900000000,,有地,,,,,")
    assert "第 2 行“电话”列：没有人用这个电话" in browser.text
    wrong: dict[str, Any] = {"errors": [{"field": "phone", "rule": "电话号码为 5 至 15 位"}]}
    town.asked.answers["POST /people/find"] = 422, wrong
    await browser.send(IMPORT, content=f"{HEAD}\n吴某,12,,有地,,,,,")
    assert "第 2 行“电话”列：电话号码为 5 至 15 位" in browser.text


async def test_a_row_that_is_not_done_is_named_and_sent_again_with_all_others(town: Given) -> None:
    town.asked.answers[f"POST /issues/{ISSUE}/claim"] = refused("not_at_the_talk", "部门不在场")
    browser = await at_the_table(town)
    await browser.send(IMPORT, content=ROWS)
    answer = await browser.send(PREVIEW)
    assert answer.status_code == 422
    assert "第 2 行： 部门不在场" in browser.text or "第 2 行：部门不在场" in browser.text
    del town.asked.answers[f"POST /issues/{ISSUE}/claim"]
    await browser.send(PREVIEW)
    assert "已记录。" in browser.text
    assert len(set(town.asked.keys("/issues"))) == 2
    assert len(set(town.asked.keys(f"/issues/{ISSUE}/claim"))) == 1


async def test_a_table_to_fill_in_has_the_columns_and_who_is_on_the_list_and_is_read_as_it_is(
    town: Given,
) -> None:
    browser = await at_the_table(town)
    answer = await browser.open(f"{IMPORT}/template")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert rows[0][:4] == ["发言人", "电话", "企业", "原话"]
    assert "南太湖丝绸" in rows[1]
    await browser.open(IMPORT)
    answer = await browser.send(IMPORT, files={"file": ("记录.xlsx", answer.content)})
    assert "第 2 行“原话”列" in browser.text  # nothing was said yet
    await browser.send(IMPORT, files={"file": ("坏.xlsx", b"no workbook")})
    assert "这不是电子表格" in browser.text


async def test_cells_that_are_copied_out_of_a_program_may_have_commas_in_them(town: Given) -> None:
    browser = await at_the_table(town)
    await browser.send(IMPORT, content="电话\t原话\n13900000000\t缺地,缺人,缺电")
    assert "缺地,缺人,缺电" in browser.text


async def test_there_is_no_record_of_a_talk_that_has_not_begun(given: Given) -> None:
    given.officials(lu="clerk")
    announced(given)
    browser = given.browser()
    await browser.sign_in(LU)
    assert (await browser.open(IMPORT)).url.path == f"/talks/{TALK}"
    assert "现在的状态不能这样做" in browser.text
