"""A line that breaks while somebody writes, and a sign-in that is another one by then: nothing typed is lost."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import APPEALED, GOING, PHONE, WAITING, WIDE, Window, context_of, press, sign_in
from tests.browser.talked import COMING
from tests.portal.given import Given
from tests.portal.projection.given import ISSUE

pytestmark = pytest.mark.browser
WORDS = "写了很久的话"
KEPT = "Object.keys(localStorage).filter((name) => name.startsWith('qinqing:'))"
RAISE = "/office/raise"
SEND = ".stick button.btn-primary:visible"


class Kind(NamedTuple):
    """A form: who fills it in, where, what they type, what they choose."""

    who: str
    place: str
    fields: dict[str, str]
    chosen: tuple[str, ...] = ()

    def saying(self, words: str) -> "Kind":
        """The same with other words: those of an earlier test are on the server."""
        return self._replace(fields={**self.fields, "#text": words})

    def fill(self, page: Page) -> None:
        """Fill it in as a person does."""
        for choice in self.chosen:  # some fields are shown by what is chosen
            page.check(choice, force=True)
        for field, text in self.fields.items():
            page.fill(field, text)

    def expect_filled(self, page: Page) -> None:
        """All of it stands in the form."""
        for field, text in self.fields.items():
            expect(page.locator(field)).to_have_value(text)
        for choice in self.chosen:
            expect(page.locator(choice)).to_be_checked()


ON_THE_DEVICE = {
    "an entrepreneur raises": Kind(
        "entrepreneur:wu",
        "/raise",
        {"#title": "隧道里没有信号", "#text": WORDS},
        ('[name="kind"][value="suggestion"]', "#urgent"),
    ),
    "an entrepreneur rates": Kind(
        "entrepreneur:wu",
        f"/issues/{ISSUE}/rate",
        {"#reason": WORDS},
        ('[name="satisfaction"][value="dissatisfied"]', '[name="solved"][value="no"]'),
    ),
    "the office decides on an appeal": Kind(
        "office:chen",
        f"/office/issues/{APPEALED}/decide-appeal",
        {"#reason": WORDS},
        ('[name="upheld"][value="no"]',),
    ),
    "a department asks for time": Kind(
        "handler:li", f"/issues/{GOING}/ask-extension", {"#reason": WORDS, "#until": "2026-03-31"}
    ),
}
DRAFT = Kind(
    "handler:li", f"/issues/{GOING}/draft", {"#text": WORDS}, ('[name="outcome"][value="explained"]',)
)
ON_BEHALF = Kind(
    "office:chen",
    RAISE,
    {
        "#title": "园区北门外没有路灯",
        "#text": WORDS,
        "#name": "某吴",
        "#occasion_called_from": "0572-2190000",
    },
    ('[name="source"][value="hotline"]', '[name="kind"][value="suggestion"]'),
)
NAMED = Kind("federation:feng", f"/talks/{COMING}/name", {"#phone": "13900000000", "#name": "某钱"})
ON_THE_SERVER = {
    "a department drafts": DRAFT,
    "the office writes down for somebody": ON_BEHALF,
    "the federation names somebody": NAMED,
}


@pytest.fixture
def line(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser whose line can be cut."""
    context = context_of(chromium, PHONE)
    yield context
    context.close()


@pytest.mark.parametrize("kind", ON_THE_DEVICE.values(), ids=ON_THE_DEVICE)
def test_what_was_sent_into_a_broken_line_is_there_when_the_line_is_back(
    line: BrowserContext, site: str, kind: Kind
) -> None:
    """Also where another page is opened first; and it is forgotten once it was sent."""
    page = line.new_page()
    sign_in(page, site, kind.who)
    page.goto(f"{site}{kind.place}")
    kind.fill(page)
    line.set_offline(True)
    with page.expect_event("requestfailed"):
        page.click(SEND)
    page.wait_for_url("chrome-error://**")
    line.set_offline(False)
    page.goto(f"{site}/")
    page.goto(f"{site}{kind.place}")
    kind.expect_filled(page)
    press(page, SEND)
    expect(page.locator("#errors")).to_have_count(0)
    assert page.evaluate(KEPT) == []


def test_what_was_refused_because_the_sign_in_is_another_one_is_there_when_the_form_is_opened_again(
    line: BrowserContext, site: str
) -> None:
    page, other, kind = line.new_page(), line.new_page(), ON_THE_DEVICE["an entrepreneur rates"]
    sign_in(page, site, kind.who)
    page.goto(f"{site}{kind.place}")
    kind.fill(page)
    sign_in(other, site, kind.who)
    with page.expect_response(lambda answer: answer.request.method == "POST") as refused:
        press(page, SEND)
    assert refused.value.status == 403
    page.goto(f"{site}{kind.place}")
    kind.expect_filled(page)


def test_what_was_changed_after_it_came_back_with_what_was_wrong_goes_before_the_servers(
    line: BrowserContext, site: str
) -> None:
    page = line.new_page()
    sign_in(page, site)
    page.goto(f"{site}/issues/{ISSUE}/rate")
    page.fill("#reason", "写到一半")
    press(page, SEND)  # nothing is chosen: it comes back, and the server has these words
    page.fill("#reason", WORDS)
    page.goto(f"{site}/issues/{ISSUE}/rate")
    expect(page.locator("#reason")).to_have_value(WORDS)
    page.fill("#reason", "")
    page.goto(f"{site}/issues/{ISSUE}/rate")
    expect(page.locator("#reason")).to_have_value("")


def test_what_is_typed_beside_the_list_of_triage_is_there_when_another_issue_was_looked_at(
    window: Window, site: str
) -> None:
    page = window(WIDE)
    sign_in(page, site, "office:chen")
    page.goto(f"{site}/office/triage?issue={WAITING}")
    page.click("#opinions summary")
    page.fill("#wanted", WORDS)
    other = page.locator(f"a[data-pane]:not([data-issue='{WAITING}'])").first
    other.click()
    expect(
        page.locator(f'#chosen a[data-open][href="/issues/{other.get_attribute("data-issue")}"]')
    ).to_be_visible()
    expect(page.locator("#wanted")).to_have_value("")
    page.click(f"a[data-pane][data-issue='{WAITING}']")
    expect(page.locator(f'#chosen a[data-open][href="/issues/{WAITING}"]')).to_be_visible()
    expect(page.locator("#wanted")).to_be_visible()
    expect(page.locator("#wanted")).to_have_value(WORDS)


@pytest.mark.parametrize("kind", ON_THE_SERVER.values(), ids=ON_THE_SERVER)
def test_a_form_that_the_server_keeps_stays_on_its_page_until_the_line_is_back(
    given: Given, line: BrowserContext, site: str, kind: Kind
) -> None:
    given.asked.answers["POST /people/find"] = (200, {"person": "0" * 32})
    page = line.new_page()
    sign_in(page, site, kind.who)
    page.goto(f"{site}{kind.place}")
    kind.fill(page)
    line.set_offline(True)
    page.click(SEND)
    expect(page.locator("[data-unsent]")).to_be_visible()
    assert page.url == f"{site}{kind.place}"
    kind.expect_filled(page)
    line.set_offline(False)
    press(page, SEND)
    expect(page.locator("#errors")).to_have_count(0)
    assert page.url != f"{site}{kind.place}"


def test_what_names_somebody_else_is_kept_on_the_server_alone(window: Window, site: str) -> None:
    page, other, said = window(PHONE), window(WIDE), ON_BEHALF.saying("还没有提交的话")
    sign_in(page, site, ON_BEHALF.who)
    page.goto(f"{site}{RAISE}")
    said.fill(page)
    expect(page.locator("[data-kept-there]")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0
    sign_in(other, site, ON_BEHALF.who)
    other.goto(f"{site}{RAISE}")
    said.expect_filled(other)


def test_who_signed_in_anew_in_another_window_sends_the_form_all_the_same(
    line: BrowserContext, site: str
) -> None:
    """The browser has another mark since."""
    page, other = line.new_page(), line.new_page()
    sign_in(page, site, ON_BEHALF.who)
    page.goto(f"{site}{RAISE}")
    sign_in(other, site, ON_BEHALF.who)
    ON_BEHALF.saying("重新登录之后的话").fill(page)
    press(page, SEND)
    expect(page).to_have_url(f"{site}{RAISE}/check")


def test_a_form_is_not_sent_in_the_name_of_somebody_else_who_signed_in_since(
    line: BrowserContext, site: str
) -> None:
    page, other = line.new_page(), line.new_page()
    sign_in(page, site, NAMED.who)
    page.goto(f"{site}{NAMED.place}")
    sign_in(other, site, "office:chen")
    NAMED.fill(page)
    page.click(SEND)
    expect(page.locator("[data-unsent]")).to_be_visible()
    NAMED.expect_filled(page)
    other.goto(f"{site}{NAMED.place}")
    expect(other.locator("#name")).to_have_value("")
