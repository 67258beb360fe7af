"""Pages that change while they are looked at: the server sends a part anew whenever what it shows has changed.

A message is the whole part, never a difference, and its id says how far every owner's sequence had gone in it. Who
comes back with an id is sent the part as soon as the rows are at least that far, and further: nothing is shown twice,
nothing is skipped, and no other portal or rebuilt projection shows what is older than what was shown.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import NamedTuple

from fastapi.responses import StreamingResponse

from services.portal.pages import NotHere, Page, SignInFirst
from services.portal.projection.batch import Changed
from shared.contract.envelope import Malformed, read_seen, write_seen

HEARTBEAT_SECONDS = 20.0
"""So often something is sent where nothing happens, so that nobody between closes the connection."""
MOST_SECONDS = 600.0
"""Then the browser comes again by itself, and is asked again who it is."""
PAUSE_SECONDS = 0.3
"""Between two messages: of many changes at once the last state is sent."""
COME_BACK_MS = 2_000

Draw = Callable[[], Awaitable[str]]
"""Draws the part as it is now."""


class Watched(NamedTuple):
    """What a part shows: which changes concern it, and how far what it shows has gone now."""

    concerns: Callable[[Changed], bool]
    reached: Callable[[], Mapping[str, int]]


def stream(page: Page, shown: str, watched: Watched, draw: Draw) -> StreamingResponse:
    """The part again and again; ``shown``: the id of what the page has, where the browser brings no newer one."""
    begin = _read(page.request.headers.get("last-event-id") or shown)
    messages = _messages(page, begin, watched, draw)
    return StreamingResponse(messages, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _messages(page: Page, shown: Mapping[str, int], watched: Watched, draw: Draw) -> AsyncIterator[str]:
    changed, loop = asyncio.Event(), asyncio.get_running_loop()
    forget = page.portal.projection.listen(lambda what: changed.set() if watched.concerns(what) else None)
    end = loop.time() + MOST_SECONDS
    try:
        yield f"retry: {COME_BACK_MS}\n\n"
        while loop.time() < end:
            changed.clear()
            now = dict(watched.reached())
            if now != shown and _is_further(now, shown):
                try:
                    yield message(await draw(), write_seen(now))
                except (SignInFirst, NotHere):
                    return  # no longer theirs to look at; the page says so when it is opened again
                shown = now
                await asyncio.sleep(PAUSE_SECONDS)
            try:
                await asyncio.wait_for(changed.wait(), HEARTBEAT_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
    finally:
        forget()


def _is_further(now: Mapping[str, int], shown: Mapping[str, int]) -> bool:
    """Whether nothing of what was shown would be taken back."""
    return all(now.get(source, 0) >= number for source, number in shown.items())


def message(part: str, id: str) -> str:
    """One message of a stream: a part of a page, and the id by which its reader comes back."""
    lines = "".join(f"data: {line}\n" for line in part.splitlines())
    return f"id: {id}\n{lines}\n"


def _read(id: str) -> Mapping[str, int]:
    try:
        return read_seen(id)
    except Malformed:  # a browser may bring anything
        return {}
