"""How the portal stops: a list that is open is followed to the end, and then comes again, to another process."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from services.cli.embedded import free_ports
from services.portal.app import serving
from services.portal.asking import TIMEOUT_SECONDS
from shared.contract.words import Role
from shared.serving import Server
from tests.portal import office_given
from tests.portal.crawling import signed_in
from tests.portal.given import TITLE, Given
from tests.served import served

ENDS_SECONDS = TIMEOUT_SECONDS / 2
"""Well within what an answer may take."""


@asynccontextmanager
async def stopping(given: Given, drain: float) -> AsyncIterator[tuple[Server, str]]:
    """The portal as it is served, and its address; it has stopped in time when this is left."""
    (port,) = free_ports(1)
    server = serving(given.app, drain, port=port, loop="auto")
    async with served(server, ENDS_SECONDS + drain) as url:
        yield server, url


async def test_an_open_list_is_sent_what_happens_while_the_portal_drains_and_then_ends_at_once(
    given: Given,
) -> None:
    async with stopping(given, drain=3.0) as (server, url):
        browser = signed_in(given, Role.OFFICE)
        found = re.search(r'hx-sse:connect="([^"]+)"', (await browser.open("/office/returns")).text)
        assert found is not None
        reads = {"Accept": "text/event-stream"}
        async with (
            httpx.AsyncClient(base_url=url) as others,
            httpx.AsyncClient(base_url=url, cookies=browser.client.cookies) as client,
            client.stream("GET", html.unescape(found[1]), headers=reads) as stream,
        ):
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            assert (await anext(lines)).startswith("retry: ")
            server.should_exit = True
            while (ready := await others.get("/health/ready")).status_code == 200:
                await asyncio.sleep(0.02)  # the server looks every tenth of a second
            assert ready.json() == {"service": "portal", "missing": ["it stops"]}
            office_given.returned(given)
            rest = [line async for line in lines]  # to its end: nothing is cut off
            assert any(TITLE in line for line in rest)
