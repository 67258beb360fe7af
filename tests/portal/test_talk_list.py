"""The list of a talk: as a page and as a file, each reader's own sight of it; and praise that begins there."""

import pytest

from tests.portal.given import ISSUE, Given
from tests.portal.papers_given import in_file
from tests.portal.talks_given import TALK, announced, held, of_the_talk

NAMELESS, OPEN = "AAAAAAAAAAAAA", "BBBBBBBBBBBBB"
CODE = "91330500MA2B4N6X7K"
TEXT = "</w:t>夜班职工摔过两次 {{ 7*7 }}"


@pytest.fixture
def town(given: Given) -> Given:
    given.officials(feng="federation", shen="supervisor", chen="office", lu="clerk")
    announced(given)
    firm = {"code": CODE, "name": "湖州路灯厂", "trade": "", "size": "", "district": "", "revision": 1}
    given.shown.tell("intake", "enterprise.registered.v1", {**firm, "by": "chen"}, f"enterprise:{CODE}")
    of_the_talk(given, ISSUE, phase="at", enterprise=CODE)
    of_the_talk(given, NAMELESS, phase="at", anonymous=True)
    of_the_talk(given, OPEN, phase="after")
    for id in (ISSUE, NAMELESS):
        given.shown.tell(
            "intake", "issue.accepted.v1", {"title": f"路灯 {id[0]}", "text": TEXT, "by": "chen"}, id
        )
    given.assigned()
    held(given)
    return given


async def test_it_names_each_issue_with_speaker_words_department_due_and_state(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in("office:chen")
    await browser.open(f"/talks/{TALK}")
    assert f'href="/talks/{TALK}/list"' in browser.page.text
    await browser.open(f"/talks/{TALK}/list")
    for said in (
        "湖州路灯厂",
        "路灯 7",
        "夜班职工摔过两次 {{ 7*7 }}",
        "市建设局",
        "3月18日",
        "正在办理",
        "隐名",
    ):
        assert said in browser.text, said
    assert "尚未受理" in browser.text  # the words of one that is not accepted are not on the topics
    assert "提请表扬" not in browser.text


async def test_the_file_says_the_same_and_keeps_text_as_text(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in("office:chen")
    answer = await browser.open(f"/talks/{TALK}/files/list.docx")
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    said = in_file(answer)
    for words in (
        "恳谈会清单",
        "用地与用能",
        "湖州路灯厂",
        "路灯 7",
        "市建设局",
        "&lt;/w:t&gt;",
        "{{ 7*7 }}",
        "孙某",
    ):
        assert words in said, words
    assert "{%" not in said and "one." not in said


async def test_who_may_not_read_an_issue_reads_its_number_and_state_alone(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in("federation:feng")
    await browser.open(f"/talks/{TALK}/list")
    assert "7K3M-9QXT-2B4N-6X" in browser.text and "正在办理" in browser.text
    assert "湖州路灯厂" not in browser.text and "夜班" not in browser.text
    assert f'href="/issues/{ISSUE}"' not in browser.page.text
    await browser.sign_in()
    assert (await browser.open(f"/talks/{TALK}/list")).status_code == 404
    assert (await browser.open(f"/talks/{TALK}/files/list.docx")).status_code == 404


async def test_a_supervisor_proposes_praise_from_it_and_the_circular_names_the_talk(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in("supervisor:shen")
    await browser.open(f"/talks/{TALK}/list")
    link = f"/issues/{ISSUE}/issue-document?talk={TALK}"
    assert f'href="{link}"' in browser.page.text and f"{OPEN}/issue-document" not in browser.page.text
    await browser.open(link)
    assert 'value="praise" checked' in browser.page.text
    assert "用地与用能" in browser.page.text
    await browser.send(f"/issues/{ISSUE}/issue-document", kind="praise", signature="某shen")
    (body,) = town.asked.bodies(f"/issues/{ISSUE}/issue-document")
    assert body["kind"] == "circular" and body["praise"] is True and "用地与用能" in body["words"]
