"""The way of a browser through every page of the portal, and through forms that are wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.browser import talked
from tests.browser.conftest import DRAFTED, FRESH, GOING, RETURNED, press, sign_in
from tests.browser.places import OFFICE, OFFICIALS, PATHS, REFUSING
from tests.house.repository import ROOT
from tests.portal.projection.given import ISSUE

INVENTED = ROOT / "docs/examples/invented-notice-2027.csv"

PRIMARY = """() => [...document.querySelectorAll(".btn-primary")].filter((one) =>
    one.checkVisibility({ opacityProperty: true, visibilityProperty: true })).map((one) => one.innerText)"""


def come(page: Page, site: str, path: str) -> None:
    """Be at this address: it answers, and leads to no other."""
    answer = page.goto(f"{site}{path}")
    assert answer is not None and answer.status == REFUSING.get(path, 200), (path, answer)
    assert urlsplit(page.url).path == urlsplit(path).path, (path, page.url)


def pages(page: Page, site: str) -> Iterator[str]:
    """Open every page, and some forms with what is wrong in them; yields where one is."""
    for path in PATHS:
        come(page, site, path)
        yield path
    come(page, site, "/mailbox")
    press(page, "a.whole")
    yield "/mailbox, one mail"
    come(page, site, "/raise")
    page.fill("#title", "")  # an earlier visit left a draft
    press(page, 'button[value="check"]')
    yield "/raise, with nothing filled in"
    page.fill("#title", "园区北门外没有路灯")
    page.fill("#text", "夜班职工骑电动车摔过两次。")
    press(page, 'button[value="check"]')
    yield "/raise/check"
    come(page, site, f"/issues/{ISSUE}/rate")
    press(page, ".stick button")
    yield "rating, with nothing chosen"
    for who, paths in OFFICIALS.items():
        sign_in(page, site, who)
        for path in paths:
            come(page, site, path)
            yield f"{path} as {who}"
    sign_in(page, site, "department_leader:zhou")
    come(page, site, f"/issues/{DRAFTED}/sign-off")
    press(page, 'button[value="send_back"]')
    yield "sending back, without a reason"
    yield from _on_behalf(page, site)
    yield from previews(page, site)
    yield from by_link(page, site)


def _on_behalf(page: Page, site: str) -> Iterator[str]:
    sign_in(page, site, "office:chen")
    come(page, site, "/office/raise")
    page.locator('label.choice:has(input[name="source"][value="hotline"])').click()
    page.locator('label.choice:has(input[name="kind"][value="problem"])').click()
    written = {"title": "园区北门外没有路灯", "text": "夜班职工骑电动车摔过两次。", "name": "某吴"}
    for field, text in {**written, "occasion_called_from": "0572-2190000"}.items():
        page.fill(f"#{field}", text)
    press(page, ".stick button")
    yield "what is read back to whom it is written down for"


def previews(page: Page, site: str) -> Iterator[str]:
    """What would go out or move is shown before it does; a form that is wrong says so."""
    sign_in(page, site, "supervisor:zhao")
    order = f"{site}/board/order?issue={GOING}&issue={FRESH}"
    page.goto(order)
    for field in ("#words", "#signature"):
        page.fill(field, "")  # an earlier visit left a draft
    press(page, ".stick button")
    yield "orders to many, with nothing filled in"
    page.fill("#words", "请书面说明办理情况。")
    page.fill("#signature", "赵敏")
    press(page, ".stick button")
    yield "orders to many, before they go out"
    come(page, site, f"/issues/{GOING}/documents/d2/sign")
    press(page, ".stick button")
    yield "the record of an interview, with nothing filled in"
    yield from _of_talks(page, site)
    sign_in(page, site, "supervisor:zhao")
    come(page, site, "/renewals")
    page.fill("#content", "date,kind,name,source\n")
    press(page, ".stick button")
    yield "a notice without a row"
    page.fill("#content", INVENTED.read_text())
    press(page, ".stick button")
    yield "what a notice would move"


def _of_talks(page: Page, site: str) -> Iterator[str]:
    sign_in(page, site, "federation:feng")
    come(page, site, "/talks/rotation/publish")
    page.fill("#content", "周次,地区")
    press(page, ".stick button")
    yield "a rotation without its columns"
    page.fill("#content", "周次,地区,姓名,职务,班子\n12,湖州市,周明,市长,政府")
    press(page, ".stick button")
    yield "what a rotation would change"
    come(page, site, "/talks/announce")
    page.fill("#theme", "")
    press(page, ".stick button")
    yield "a talk without a theme"
    sign_in(page, site, "clerk:lu")
    come(page, site, f"/talks/{talked.OPEN}/import")
    page.fill("#content", "发言人,电话,原话\n某钱,13900000000,建议开夜间公交。")
    press(page, ".stick button")
    yield "what a table would record"


def by_link(page: Page, site: str) -> Iterator[str]:
    """A private link is made, opened by whoever is signed in, and shows its issue and nothing else."""
    sign_in(page, site, "office:chen")
    come(page, site, f"{OFFICE}/{RETURNED}/make-link")
    press(page, "button[data-once]")
    yield "a link, shown once"
    page.goto(page.locator("#secret").inner_text())
    yield "a link, opened by who is signed in"
    press(page, 'form[action="/link"] button')
    assert page.url == f"{site}/issues/{RETURNED}"
    yield "an issue, by link"
    page.goto(f"{site}/mine")
    yield "another page, by link"
    sign_in(page, site)


@contextmanager
def resized(page: Page, size: tuple[int, int]) -> Iterator[None]:
    """The open page in a window of another size."""
    before = page.viewport_size
    assert before is not None
    page.set_viewport_size({"width": size[0], "height": size[1]})
    yield
    page.set_viewport_size(before)


def primary_actions(page: Page, size: tuple[int, int]) -> list[str]:
    """What the primary buttons say that this page shows in a window of this size."""
    with resized(page, size):
        found: list[str] = page.evaluate(PRIMARY)
        return found
