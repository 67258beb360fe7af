"""Internal notes: who reads and writes them, and that they leave the portal's own database for nothing else."""

import logging
import sqlite3
from pathlib import Path

import pytest

from shared.contract.words import Role
from tests.portal.department import PATH, at_work, colleague, leader
from tests.portal.given import ISSUE, Browser, Given

NOTES = f"{PATH}/notes"
SAID = "已和移交办通过电话，下周三出结果。"


async def wrote(browser: Browser, text: str = SAID) -> None:
    await browser.open(NOTES)
    await browser.send(NOTES, text=text)
    assert text in browser.text


async def test_a_note_of_a_handler_is_read_by_colleagues_their_leader_and_the_office(given: Given) -> None:
    at_work(given)
    await wrote(colleague(given))
    for reader in (colleague(given, "sun"), leader(given), colleague(given, "chen", Role.OFFICE, "")):
        for path in (PATH, NOTES):
            await reader.open(path)
            assert SAID in reader.text and "李强" in reader.text


async def test_the_leader_and_the_office_write_them_too(given: Given) -> None:
    at_work(given)
    await wrote(leader(given), "先问移交办。")
    await wrote(colleague(given, "chen", Role.OFFICE, ""), "市长要过问这一件。")
    reader = colleague(given)
    await reader.open(PATH)
    assert "先问移交办。" in reader.text and "市长要过问这一件。" in reader.text


@pytest.mark.parametrize(
    ("role", "department"),
    [
        (Role.HANDLER, "transport"),
        (Role.DEPARTMENT_LEADER, "transport"),
        (Role.SUPERVISOR, ""),
        (Role.LEADER, ""),
        (Role.CLERK, ""),
        (Role.CPPCC, ""),
        (Role.DISCIPLINE, ""),
        (Role.OPERATOR, ""),
    ],
)
async def test_nobody_else_reads_or_writes_one(given: Given, role: Role, department: str) -> None:
    at_work(given)
    await wrote(colleague(given))
    other = colleague(given, "he", role, department)
    for path in (PATH, NOTES):
        assert SAID not in (await other.open(path)).text
    assert other.page.status_code == 404
    mark = await mark_of(other)
    answer = await other.client.post(NOTES, data={"mark": mark, "text": "我也写一条"})
    assert answer.status_code == 404 and len(given.own.inside.internal_notes(ISSUE)) == 1


async def test_who_raised_it_reads_none_of_it(given: Given) -> None:
    at_work(given)
    await wrote(colleague(given))
    raiser = given.browser()
    await raiser.sign_in()
    assert SAID not in (await raiser.open(PATH)).text and "内部笔记" not in raiser.text
    assert (await raiser.open(NOTES)).status_code == 404
    answer = await raiser.client.post(NOTES, data={"mark": await mark_of(raiser), "text": "x"})
    assert answer.status_code == 404


async def test_the_next_department_reads_nothing_of_the_one_before_and_the_office_reads_both(
    given: Given,
) -> None:
    at_work(given)
    await wrote(colleague(given))
    moved = {"assignment": f"{ISSUE}.2", "department": "transport", "head": "局长", "transfers": 1}
    moved |= {"previous_assignment": f"{ISSUE}.1", "previous_department": "housing", "why": "return"}
    given.shown.tell("dispatch", "assignment.transferred.v1", {**moved, "by": "wang"})
    successor = colleague(given, "he", Role.HANDLER, "transport")
    await wrote(successor, "路灯归我们。")
    assert SAID not in successor.text
    office = colleague(given, "chen", Role.OFFICE, "")
    await office.open(NOTES)
    assert SAID in office.text and "路灯归我们。" in office.text


async def test_a_note_of_the_office_on_what_nobody_holds_stays_the_offices(given: Given) -> None:
    given.registered()
    given.accepted()
    office = colleague(given, "chen", Role.OFFICE, "")
    await wrote(office, "先不交办。")
    given.assigned()
    assert "先不交办。" not in (await colleague(given).open(NOTES)).text
    assert "先不交办。" in (await office.open(NOTES)).text


async def test_notes_leave_for_no_service_no_projection_and_no_log(
    given: Given, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    at_work(given)
    with caplog.at_level(logging.DEBUG):
        await wrote(colleague(given))
        await colleague(given, "zhao", Role.SUPERVISOR, "").open(PATH)
    assert not [one for one in given.asked.requests if SAID in one.content.decode()]
    assert not [one for one in given.asked.requests if one.method == "POST"]
    printed = capsys.readouterr()
    assert SAID not in caplog.text and SAID not in printed.out and SAID not in printed.err
    dumped = "\n".join(given.shown.reader().iterdump())
    assert "路灯" in dumped and SAID not in dumped


async def test_notes_and_templates_survive_a_restart_a_new_projection_and_a_restored_copy(
    given: Given, tmp_path: Path
) -> None:
    at_work(given)
    await wrote(colleague(given))
    given.own.inside.save("housing", "路灯", "您反映的路灯", "li", given.now)
    copied = tmp_path / "copied"
    copied.mkdir()
    with sqlite3.connect(given.file) as source, sqlite3.connect(copied / "own.db") as target:
        source.backup(target)
    given.own.close()
    forget_the_projection(tmp_path)
    for folder in (tmp_path, copied):
        again = Given(folder)
        at_work(again)
        assert SAID in (await colleague(again).open(PATH)).text
        assert [one.name for one in again.own.inside.templates("housing")] == ["路灯"]


async def test_an_empty_note_and_one_that_is_too_long_are_refused_in_words(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    await browser.open(NOTES)
    assert (await browser.send(NOTES)).status_code == 422 and "请写下要让同事知道的事" in browser.text
    answer = await browser.send(NOTES, text="长" * 2_001)
    assert answer.status_code == 422 and "最多" in browser.text and "长" * 50 in answer.text


async def test_a_note_that_is_sent_twice_is_kept_once_and_script_in_it_is_text(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    page = await browser.open(NOTES)
    await browser.send(NOTES, text="<script>alert(1)</script>")
    browser.page = page
    await browser.send(NOTES, text="<script>alert(1)</script>")
    assert len(given.own.inside.internal_notes(ISSUE)) == 1
    assert "<script>alert" not in browser.page.text


def forget_the_projection(folder: Path) -> None:
    """As whoever wants it built again deletes it."""
    for file in folder.glob("projection.db*"):
        file.unlink()


async def mark_of(browser: Browser) -> str:
    """What a form of this browser would bring."""
    await browser.open("/sign-in")
    found: str = browser.page.text.split('name="mark" value="')[1].split('"')[0]
    return found
