"""Pictures of every desk of the invented town: `make pictures` writes those that README.md and docs/desks.md show.

A system of its own starts in a folder that goes away; each role signs in as the one who is offered first.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bench.parts import whole_system
from services.portal import desks
from services.portal.desks.operator.watched import PATH as DASHBOARDS
from shared.contract.words import Role

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"
PHONE, WIDE = (390, 844), (1440, 900)
PHONE_FIRST = (Role.ENTREPRENEUR, Role.HANDLER)
"""Who is most often on the way."""
ISSUE = "issue"
COLOURS = 128
"""Enough for pages of few colours, at a third of the bytes."""


class Picture(NamedTuple):
    """One picture: of whose page, by which link of the bar, at which size; its file's name says so."""

    role: str
    address: str
    size: tuple[int, int]

    @property
    def file(self) -> str:
        """entrepreneur-mine-390.png"""
        page = self.address.strip("/").replace("/", "-").partition("?")[0]
        return f"{'-'.join(part for part in (self.role, page) if part)}-{self.size[0]}.png"


def pictures() -> Iterator[Picture]:
    """Each page of each role's bar, of who is on the way on the phone, else wide; not the dashboards, for which a
    Prometheus would have to run beside."""
    for role, menu in desks.menus().items():
        for link in menu.links:
            if link.address == DASHBOARDS:
                continue
            yield Picture(role, link.address, PHONE if role in PHONE_FIRST else WIDE)


def take(browser: Browser, site: str, folder: Path) -> None:
    """All of them, and the page of one issue in both sizes."""
    for size in (PHONE, WIDE):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="zh-CN", device_scale_factor=1
        )
        page, who = context.new_page(), ""
        for picture in pictures():
            if picture.size != size:
                continue
            if picture.role != who:
                who = picture.role
                _become(page, site, who)
            page.goto(f"{site}{picture.address}")
            page.screenshot(path=folder / picture.file)
        page.goto(f"{site}/sign-in")
        page.screenshot(path=folder / f"choose-{size[0]}.png")
        _become(page, site, Role.OFFICE)
        page.goto(f"{site}/office/all?state=reviewing&order=due")
        page.locator('main a[href^="/issues/"]:visible').first.click()
        page.screenshot(path=folder / f"{ISSUE}-{size[0]}.png", full_page=True)
        context.close()


def _become(page: Page, site: str, role: str) -> None:
    page.goto(f"{site}/sign-in")
    with page.expect_navigation():
        page.locator(f'button[value^="{role}:"]').first.click()


def main() -> int:
    """Start, take, stop; 1 where there is no browser."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        print("no chromium here: apt-get install chromium fonts-wqy-zenhei")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with whole_system("--scenario", "town") as system, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        take(browser, system.portal_url, FOLDER)
        browser.close()
    for picture in FOLDER.glob("*.png"):
        Image.open(picture).convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE).save(
            picture, optimize=True
        )
    print(f"written: {len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
