"""A real Chromium, and a portal over real HTTP with an issue in each of the states that an entrepreneur meets."""

import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.portal.given import Given, stamp
from tests.portal.projection.given import AT
from tests.serving import served_aside

PHONE, WIDE, SMALL = (390, 844), (1440, 900), (360, 740)
GOING, REFUSED, FRESH = "GGGGGGGGGGGGG", "RRRRRRRRRRRRR", "FFFFFFFFFFFFF"
TITLES = {
    GOING: "技改项目用电增容申请两个月没有答复，设备到了不能开",
    REFUSED: "与供应商的货款官司什么时候能判",
    FRESH: "高层次人才子女入学按什么标准认定",
}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's browser; `.ci/run` installs it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium here: apt-get install chromium fonts-wqy-zenhei")
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    """What the portal shows: one issue answered, one going, one not accepted, one just raised."""
    found = Given(tmp_path_factory.mktemp("portal"))
    found.answered()
    for id in (GOING, REFUSED, FRESH):
        found.registered(id)
        words = {"id": id, "title": TITLES[id], "text": "我们厂在织里镇利济路。\n请帮助协调。"}
        found.asked.answers[f"GET /issues/{id}"] = (200, words)
    found.accepted(GOING, TITLES[GOING])
    found.assigned(GOING)
    late = {"clock": "promise", "round": 1, "due_at": stamp(AT), "late_seconds": 1.0}
    found.shown.tell("supervision", "clock.breached.v1", late, GOING)
    until = stamp(AT + timedelta(days=30))
    no = {
        "ground": "litigation",
        "explanation": "该事项已由法院立案受理。",
        "by": "wang",
        "appeal_until": until,
    }
    found.shown.tell("intake", "issue.rejected.v1", no, REFUSED)
    return found


@pytest.fixture(scope="module")
def site(given: Given) -> Iterator[str]:
    """Where the portal answers."""
    with served_aside(given.app, timeout_graceful_shutdown=2) as address:
        yield address


def context_of(chromium: Browser, size: tuple[int, int], *, scripts: bool = True) -> BrowserContext:
    """A browser window of its own: of what size, and whether scripts run in it."""
    width, height = size
    made = chromium.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", java_script_enabled=scripts
    )
    made.set_default_timeout(15_000)
    return made


def sign_in(page: Page, site: str, who: str = "entrepreneur:wu") -> None:
    """Become somebody."""
    page.goto(f"{site}/sign-in")
    press(page, f'button[value="{who}"]')


def press(page: Page, what: str) -> None:
    """Press what leads to another page, and be there."""
    with page.expect_navigation():
        page.locator(what).first.click()
