"""The mailbox of the embedded system as a page: every mail that came, one of them, and nothing of it elsewhere."""

import pytest

from shared.mail import Mail
from tests.portal.given import Given
from tests.portal.projection.given import ISSUE

MAIL = Mail(
    "9c56cc51",
    "wu@example.com",
    "您反映的问题已有答复",
    f"您好：\n\n请您评价。\n\n查看：http://127.0.0.1:18404/issues/{ISSUE}\n",
    "zh-CN",
)


async def test_every_mail_is_listed_the_newest_first(given: Given) -> None:
    for number in range(3):
        given.mailed(MAIL._replace(subject=f"第 {number} 封"))
    browser = given.browser()
    await browser.sign_in()
    await browser.open("/mailbox")
    places = [browser.text.index(f"第 {number} 封") for number in (2, 1, 0)]
    assert places == sorted(places) and MAIL.to in browser.text


async def test_a_long_list_goes_on_where_the_page_before_ended(given: Given) -> None:
    for number in range(53):
        given.mailed(MAIL._replace(subject=f"第{number}封"))
    browser = given.browser()
    await browser.sign_in()
    first = (await browser.open("/mailbox")).text
    older = first.partition('href="/mailbox?before=')[2].partition('"')[0]
    rest = (await browser.open(f"/mailbox?before={older}")).text
    assert [f"第{number}封" in first for number in (52, 3, 2)] == [True, True, False]
    assert [f"第{number}封" in rest for number in (3, 2, 0)] == [False, True, True]
    assert "/mailbox?before=" not in rest


async def test_one_mail_is_shown_as_it_reads_and_its_link_stays_on_this_site(given: Given) -> None:
    name = given.mailed(MAIL)
    browser = given.browser()
    await browser.sign_in()
    page = (await browser.open(f"/mailbox/{name}")).text
    for part in (MAIL.subject, MAIL.to, "请您评价。", "9c56cc51@huzhou.example", f'href="/issues/{ISSUE}"'):
        assert part in page
    assert 'href="http' not in page


async def test_what_a_mail_says_is_text_and_nothing_else(given: Given) -> None:
    evil = "<script>alert(1)</script>"
    name = given.mailed(
        MAIL._replace(subject=evil, text=f"{evil} javascript:alert(1) http://example.org/x\n")
    )
    browser = given.browser()
    await browser.sign_in()
    for place in ("/mailbox", f"/mailbox/{name}"):
        page = (await browser.open(place)).text
        assert evil not in page and "&lt;script&gt;" in page and 'href="http' not in page


@pytest.mark.parametrize("name", ["nothing", "..%2Fown", "1-2", "a" * 300, "%2E%2E"])
async def test_what_is_not_there_is_not_there(given: Given, name: str) -> None:
    browser = given.browser()
    await browser.sign_in()
    assert (await browser.open(f"/mailbox/{name}")).status_code == 404


async def test_a_file_that_is_no_mail_breaks_nothing(given: Given) -> None:
    given.mails.keep(b"\xff\xfe\x00no mail")
    given.mails.keep(b"Content-Type: text/plain; charset=no-such\r\nSubject: =?x?y?\r\n\r\n\xff")
    given.mailed(MAIL)
    browser = given.browser()
    await browser.sign_in()
    assert (await browser.open("/mailbox")).status_code == 200 and MAIL.subject in browser.text


async def test_an_empty_mailbox_says_what_brings_mail(given: Given) -> None:
    browser = given.browser()
    await browser.sign_in()
    await browser.open("/mailbox")
    assert "还没有邮件" in browser.text
    await browser.open("/view", params={"language": "en", "next": "/mailbox"})
    assert "No mail yet" in browser.text


async def test_it_is_one_click_from_every_page_for_who_is_signed_in_and_nobody_else(given: Given) -> None:
    browser = given.browser()
    assert (await browser.open("/mailbox")).url.path == "/sign-in"
    assert 'href="/mailbox"' not in browser.page.text
    await browser.sign_in()
    assert 'href="/mailbox"' in (await browser.open("/mine")).text


async def test_where_mail_goes_to_people_there_is_no_such_page(given: Given) -> None:
    given.without_mailbox()
    browser = given.browser()
    await browser.sign_in()
    assert 'href="/mailbox"' not in browser.page.text
    for place in ("/mailbox", "/mailbox/1-2"):
        assert (await browser.open(place)).status_code == 404
