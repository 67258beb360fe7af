"""What every answer says to a browser, and what no request gets past."""

import re
import sqlite3
from pathlib import Path

import pytest

from services.portal.pages import MOST_FIELD_BYTES
from services.portal.projection.projection import Standing
from services.portal.queries import own_issues
from services.portal.shielding import HEADERS
from tests.house.repository import ROOT
from tests.portal.given import ORIGIN, Given

PAGES = ("/", "/sign-in", "/mine", "/nowhere", "/health/live", "/static/nothing.css")
TEMPLATES = sorted((ROOT / "services" / "portal").rglob("*.html"))
INLINE = re.compile(r"<script(?![^>]*\ssrc=)|\sstyle=|<style|\son[a-z]+=|javascript:|\shx-on", re.IGNORECASE)


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_allows_files_of_ours_alone(given: Given, path: str) -> None:
    answer = await given.browser().open(path)
    assert all(answer.headers[name] == value for name, value in HEADERS.items())
    assert "unsafe" not in answer.headers["content-security-policy"]


async def test_a_fault_of_ours_is_a_page_too_and_says_nothing_of_itself(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = given.browser()
    await browser.sign_in()
    monkeypatch.setattr(given.shown, "reader", lambda: 1 / 0)
    answer = await browser.open("/mine")
    assert answer.status_code == 500 and "division" not in answer.text
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


async def test_rows_of_an_older_version_that_lack_something_are_said_to_be_built_anew(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacks(connection: object, *values: object) -> None:
        raise sqlite3.OperationalError("no such column: issue.mood")

    browser = given.browser()
    await browser.sign_in()
    monkeypatch.setattr(own_issues, "of_person", lacks)
    assert (await browser.open("/mine")).status_code == 500
    given.shown.stands = Standing(0, None, older=True)
    answer = await browser.open("/mine")
    assert answer.status_code == 503 and "正在为新版本重建" in browser.text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_a_script_or_a_style_of_its_own(path: Path) -> None:
    assert not INLINE.search(path.read_text(encoding="utf-8"))


async def test_pages_are_kept_by_no_browser_and_files_for_ever(given: Given) -> None:
    browser = given.browser()
    page = await browser.open("/")
    assert page.headers["cache-control"] == "no-store"
    address = re.findall(r'href="(/static/theme[^"]+)"', page.text)[0]
    assert "immutable" in (await browser.open(address)).headers["cache-control"]


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Host", "example.org", 421),
        ("Origin", "https://example.org", 403),
        ("Sec-Fetch-Site", "cross-site", 403),
    ],
)
async def test_what_another_site_sends_is_refused(given: Given, header: str, value: str, status: int) -> None:
    browser = given.browser()
    await browser.sign_in()
    answer = await browser.client.post("/raise", data={"title": "x"}, headers={header: value})
    assert answer.status_code == status
    assert not given.own.draft(given.portal.references.person("wu"), "/raise")


@pytest.mark.parametrize("path", ["/raise", "/raise/check", "/raise/drop", "/sign-in", "/sign-out"])
async def test_a_form_that_no_page_of_ours_made_is_refused(given: Given, path: str) -> None:
    browser = given.browser()
    await browser.sign_in()
    for mark in ("", "0" * 96, "é" * 96):
        answer = await browser.client.post(path, data={"title": "x", "mark": mark, "do": "entrepreneur:wu"})
        assert answer.status_code == 403
    assert not given.asked.requests


async def test_a_form_made_for_another_browser_is_refused(given: Given) -> None:
    mine, theirs = given.browser(), given.browser()
    await mine.sign_in()
    await theirs.sign_in()
    await mine.open("/raise")
    mark = re.findall(r'name="mark" value="(\w+)"', mine.page.text)[0]
    assert (await theirs.client.post("/raise", data={"title": "x", "mark": mark})).status_code == 403


async def test_no_two_pages_have_the_same_mark(given: Given) -> None:
    browser = given.browser()
    await browser.open("/sign-in")
    first = re.findall(r'name="mark" value="(\w+)"', browser.page.text)
    await browser.open("/sign-in")
    assert first != re.findall(r'name="mark" value="(\w+)"', browser.page.text)


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
async def test_ten_megabytes_of_text_are_too_much(given: Given, media_type: str) -> None:
    browser = given.browser()
    await browser.sign_in()
    await browser.open("/raise")
    mark = re.findall(r'name="mark" value="(\w+)"', browser.page.text)[0]
    fields = {"mark": mark, "title": "x", "text": "字" * 4 * MOST_FIELD_BYTES}
    files = {"files": ("a.txt", b"x")} if media_type.startswith("multipart") else None
    answer = await browser.client.post("/raise", data=fields, files=files)
    assert answer.status_code == 413 and "内容太多" in answer.text
    assert not given.asked.requests


async def test_an_address_that_is_no_page_of_ours_is_answered_by_one_that_says_so(given: Given) -> None:
    answer = await given.browser().client.get(f"{ORIGIN}/raise/../../etc/passwd")
    assert answer.status_code == 404 and "这里没有内容" in answer.text


NAVIGATION = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


async def test_a_link_in_a_mail_that_is_read_in_a_browser_leads_here(given: Given) -> None:
    browser = given.browser()
    await browser.sign_in()
    assert (await browser.client.get("/mine", headers=NAVIGATION)).status_code == 200


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),
        ("GET", {"Sec-Fetch-Dest": "iframe"}),
        ("GET", {"Sec-Fetch-Dest": "image"}),
        ("GET", {"Sec-Fetch-Mode": "cors"}),
        ("GET", {"Origin": "https://example.org"}),
        ("GET", {"Host": "example.org"}),
    ],
)
async def test_nothing_else_comes_from_another_site(
    given: Given, method: str, headers: dict[str, str]
) -> None:
    browser = given.browser()
    await browser.sign_in()
    answer = await browser.client.request(method, "/mine", headers={**NAVIGATION, **headers})
    assert answer.status_code in (403, 421)
