"""The whole system while somebody works on its pages: each part is killed in the middle; afterwards all is shown."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from html import unescape
from pathlib import Path

import httpx
import pytest

from bench.parts import free_base_port
from services.cli.embedded import Child, Embedded
from tests.keys import bearer
from tests.portal.crawling import Document

pytestmark = [pytest.mark.integration, pytest.mark.prove]

PATIENCE_SECONDS = 90.0
KILLED = ("portal", "intake", "dispatch", "store-intake", "supervision", "feedback", "portal")
"""In this order, each while issues are raised; what is asked meanwhile is asked again."""
BETWEEN = 2
"""So many issues are raised between two of them."""


class Raiser:
    """Somebody who raises one issue after the other, and sends whatever got no answer once more."""

    def __init__(self, url: str) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=20.0, trust_env=False, follow_redirects=True)
        self.raised: dict[str, str] = {}
        """Title -> the address of its confirmation."""

    async def close(self) -> None:
        """Close the browser."""
        await self._client.aclose()

    async def sign_in(self) -> None:
        """Become the invented entrepreneur."""
        await self._send("/sign-in", "/sign-in", do="entrepreneur:wu")

    async def work(self, enough: asyncio.Event, progress: asyncio.Condition) -> None:
        """Raise issues until there are enough."""
        while not enough.is_set():
            title = f"第{len(self.raised) + 1}盏路灯不亮"
            await self._send("/raise", "/raise", do="check", title=title, text="夜班职工骑电动车摔过两次。")
            confirmed = await self._send("/raise/check", "/raise/check")
            self.raised[title] = confirmed.url.path
            async with progress:
                progress.notify_all()

    async def open(self, path: str) -> str:
        """A page, as soon as somebody answers."""
        return (await self._until(lambda: self._client.get(path))).text

    async def _send(self, page: str, action: str, **fields: str) -> httpx.Response:
        """A form with these fields, again and again until it was taken."""

        async def once() -> httpx.Response:
            shown = await self._client.get(page)
            if shown.url.path != page:  # it was taken, and only its answer was lost
                return shown
            form = next(one for one in Document(shown.text).forms if one.action == action)
            return await self._client.post(action, data={**form.fixed, **fields})

        return await self._until(once)

    async def listed(self) -> list[str]:
        """The titles of all that they raised, page by page."""
        titles: list[str] = []
        path: str | None = "/mine"
        while path:
            shown = await self.open(path)
            titles += re.findall(r"<b>(.*?)</b>", shown)
            onward = re.search(r'href="(/mine\?after=[^"]+)"', shown)
            path = unescape(onward[1]) if onward else None
        return titles

    async def _until(self, ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    answer = await ask()
                except httpx.TransportError:
                    answer = httpx.Response(503)
                if answer.status_code == 200:
                    return answer
                await asyncio.sleep(0.2)  # as a person would: try again


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[Embedded]:
    """All of it."""
    async with Embedded(tmp_path, free_base_port()) as running:
        yield running


async def kill(child: Child) -> None:
    """End one program in whatever it does, and wait until it was started again."""
    restarts = child.restarts
    child.kill()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while child.restarts == restarts or child.state != "ready":
            await asyncio.sleep(0.1)  # another process; it says so by nothing else


async def test_whatever_is_killed_in_the_middle_of_anything_afterwards_all_is_shown(system: Embedded) -> None:
    raiser, enough, progress = Raiser(system.portal_url), asyncio.Event(), asyncio.Condition()
    children = {child.program.name: child for child in system.children}
    await raiser.sign_in()
    working = asyncio.create_task(raiser.work(enough, progress))
    try:
        for name in KILLED:
            more = len(raiser.raised) + BETWEEN
            async with progress:
                await progress.wait_for(lambda most=more: len(raiser.raised) >= most)
            await kill(children[name])
        enough.set()
        await working
        assert sorted(await raiser.listed()) == sorted(raiser.raised)
        assert len(raiser.raised) >= BETWEEN * len(KILLED)
        checked = await _check(system)
        assert checked and all(one["same"] for one in checked)
        pages = [await raiser.open(path.removesuffix("/registered")) for path in raiser.raised.values()]
        await kill(children["portal"])
        again = [await raiser.open(path.removesuffix("/registered")) for path in raiser.raised.values()]
        assert [_told(page) for page in again] == [_told(page) for page in pages]
        assert all(one["same"] for one in await _check(system))
    finally:
        enough.set()
        working.cancel()
        await raiser.close()


def _told(page: str) -> str:
    """What happened, as the page tells it, without how long ago that was."""
    return page.partition('<ol class="tl">')[2].partition("</ol>")[0]


async def _check(system: Embedded) -> list[dict[str, object]]:
    """The projection built anew and compared, as `qinqing rebuild --check` asks for it."""
    headers = bearer("operator:yan", keys=system.parts.keys_dir)
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, trust_env=False) as client:
        url = f"{system.portal_url}/api/projection/rebuild"
        answer = await client.post(url, params={"check": True}, headers=headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json())
