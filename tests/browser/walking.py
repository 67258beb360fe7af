"""Somebody who walks through the pages of a running system in a browser, and counts what they do besides typing.

They go where links and buttons lead, by the words that stand on them. Phrases are given as the code has them and looked
for in the language that the walker reads, as the pages say them: Chinese, where nothing else is said.
"""

import re

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as NotThere

from services.portal.languages import words_in

say = words_in("zh").gettext
PATIENCE_MS = 60_000
"""An errand is kept for ten seconds, and two processors may do this and more."""
SOON_MS = 5_000
"""What a page leads to is there as soon as the page is."""
LOOK_MS = 300
"""Where a page does not follow by itself, it is loaded anew after so long."""
FOLLOWS = r"[hx-sse\:connect], [hx-trigger]"
"""Parts of pages that change by themselves where there are scripts."""


class Walker:
    """One window. ``did`` counts each click and each choice from a list; typing into a field counts for nothing."""

    def __init__(self, page: Page, site: str, *, scripts: bool = True, language: str = "zh") -> None:
        self.page, self._site, self._scripts = page, site, scripts
        self.say, self.language = words_in(language).gettext, language
        self.did = 0

    # ------------------------------------------------------------ whom one is

    def becomes(self, role: str, who: str = "") -> None:
        """Choose somebody of this role on the page of people: who bears this name, or is of this department.

        Whoever is signed in comes there by the menu behind their own name.
        """
        if self.page.url == "about:blank":
            self.page.goto(f"{self._site}/sign-in")
            if self.language == "en":  # the window asks for Chinese
                self.goes(self.page.get_by_role("link", name="English"))
        else:
            self._menu()
            self.presses("Be somebody else")
        faces = self.page.locator(f"button[value^='{role}:']", has_text=who)
        if not faces.first.is_visible():
            self.clicks(self.page.locator("section.people", has=faces).locator("summary"))
        self.goes(faces.first)

    def _menu(self) -> None:
        self.clicks(self.page.locator("details.me > summary"))

    # --------------------------------------------------------- what one does

    def clicks(self, what: Locator) -> None:
        """One click that stays on the page."""
        what.click()
        self.did += 1

    def presses(self, phrase: str) -> None:
        """Press the link or button that says so, and be where it leads."""
        self.goes(self.named(phrase))

    def goes_to(self, phrase: str) -> None:
        """A page of the bar on top; on a phone the bar is behind the own name."""
        if not self.named(phrase).is_visible():
            self._menu()
        self.presses(phrase)

    def opens(self, title: str) -> None:
        """The issue with this title, out of the list on the page."""
        self.goes(self.listed(title))

    def listed(self, title: str) -> Locator:
        """The link of an issue in a list."""
        return self.page.locator("main a:not(.errand *)", has_text=title).filter(visible=True).first

    def chooses(self, phrase: str) -> None:
        """One of several answers to a question."""
        exactly = re.compile(rf"^\s*{re.escape(self.say(phrase))}\s*$")
        self.clicks(self.page.locator("label.choice").filter(has_text=exactly))

    def picks(self, name: str, label: str) -> None:
        """One out of a list that drops down."""
        self.page.locator(f"#{name}").select_option(label=label)
        self.did += 1

    def types(self, name: str, text: str) -> None:
        """Write into a field, over what stands there."""
        self.page.fill(f"#{name}", text)

    def named(self, phrase: str) -> Locator:
        """The link or button that says so."""
        name = re.compile(rf"^\s*{re.escape(self.say(phrase))}\s*\d*\s*$")  # behind it perhaps how many wait
        link, button = (self.page.get_by_role(role, name=name) for role in ("link", "button"))
        return link.or_(button).filter(visible=True).first

    def goes(self, what: Locator) -> None:
        """Press what leads to another page, and be there."""
        if not self._is_there(what, SOON_MS):
            raise AssertionError(self._not_there(what))
        with self.page.expect_navigation():
            what.click()
        self.did += 1

    # ---------------------------------------------------------- what one sees

    def sees(self, what: Locator) -> None:
        """Wait until it is there: a page that follows by itself shows it, every other one is loaded anew.

        That counts for nothing: nobody is as fast as this walker, and what others did is there when a person looks.
        """
        if self._scripts and self.page.locator(FOLLOWS).count():
            if self._is_there(what, PATIENCE_MS):
                return
            raise AssertionError(self._not_there(what))
        for _ in range(PATIENCE_MS // LOOK_MS):
            if self._is_there(what, LOOK_MS):
                return
            self.page.reload()
        raise AssertionError(self._not_there(what))

    def waits_for(self, what: Locator) -> None:
        """The same, where a person has to wait: without scripts they press once for the page anew."""
        self.did += not self._scripts
        self.sees(what)

    def reads(self, selector: str, text: str) -> None:
        """Wait until a part of the page says this."""
        self.sees(self.page.locator(selector).filter(visible=True, has_text=text).first)

    def is_at(self, phrase: str) -> None:
        """Wait until the page's heading is this; on a busy machine it may first say that it takes a moment."""
        self.sees(self.page.locator("h1", has_text=re.compile(rf"^\s*{re.escape(self.say(phrase))}\s*$")))

    def _not_there(self, what: Locator) -> str:
        return f"{what} is not at {self.page.url}, which says: {self.page.locator('body').inner_text()}"

    @staticmethod
    def _is_there(what: Locator, ms: float) -> bool:
        try:
            what.wait_for(timeout=ms)
        except NotThere:
            return False
        return True


class Typist:
    """Somebody at a keyboard: no mouse from the page of people on."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self._site = page, site

    def becomes(self, account: str) -> None:
        """Choose somebody on the page of people."""
        self.page.goto(f"{self._site}/sign-in")
        self.enters(self.page.locator(f"button[value='{account}']"))

    def enters(self, what: Locator) -> None:
        """Tab until it has the focus, then Enter, and be where that leads."""
        self.comes_to(what)
        self.leads_on("Enter")

    def types(self, name: str, text: str) -> None:
        """Tab until this field has the focus, then write, over what stands there."""
        self.comes_to(self.page.locator(f"#{name}"))
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def comes_to(self, what: Locator) -> None:
        """Tab until it has the focus."""
        what.wait_for()
        for _ in range(200):
            self.page.keyboard.press("Tab")
            if what.evaluate("one => one === document.activeElement"):
                return
        raise AssertionError(f"the key Tab does not come to {what}")

    def selects(self, title: str) -> str:
        """Go down the list of triage until the issue with this title is the one beside it: its id."""
        row = self.page.locator("tr.sel", has_text=title)
        for _ in range(50):
            if row.is_visible():
                expect(self.page.locator("#chosen .title")).to_have_text(title)
                return row.locator("a[data-issue]").get_attribute("data-issue") or ""
            self.page.keyboard.press("j")
        raise AssertionError(f"the key j does not come to {title}")

    def gives_to(self, department: str) -> None:
        """Another department than the one that is suggested, by what is typed of its name."""
        self.page.keyboard.press("d")
        expect(self.page.locator("#find-other")).to_be_focused()
        self.page.keyboard.type(department)
        expect(self.page.locator("#other option:checked")).to_have_text(department)
        self.page.keyboard.press("Enter")
        self.leads_on("a")

    def leads_on(self, key: str) -> None:
        """A key after which another page is there."""
        with self.page.expect_navigation():
            self.page.keyboard.press(key)
