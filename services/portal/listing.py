"""Lists that change while they are looked at: drawn once for all who see the same, sent anew where they differ.

A message is the whole list. Its id says how far every topic was read when it had been drawn, and what it showed. Who
comes back with an id, to this portal, to another one or after a rebuild, is sent nothing while the rows are behind
that, and then the list as it is, unless it is the one that was shown. So nothing is shown twice or taken back; and
nothing is skipped, for whatever was missed stands in the list that is drawn then.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from fastapi.responses import Response, StreamingResponse
from markupsafe import Markup

from services.portal.live import COME_BACK_MS, HEARTBEAT_SECONDS, MOST_SECONDS, message
from services.portal.pages import NotHere, Page, SignInFirst
from services.portal.projection.batch import Changed
from services.portal.queries import positions
from services.portal.queries.positions import Positions
from services.portal.times import MINUTE_MS

LIVE = "live"
"""The field of the address by which a browser asks for what changes; its value is the id of what the page shows."""
_ID = re.compile(r"([0-9a-f]{16})~(.*)")

Version = tuple[str, object]
"""Of what state a drawing is: ``rows`` by how far they go, ``turn`` by the changes that were heard of."""
Draw = Callable[[Page], Awaitable[str]]
"""Draws the list for the page that it is given, which is not always the one that was opened."""


class Part(NamedTuple):
    """A list as it was drawn: how far the rows went before and after that, and how many seconds it took."""

    html: str
    since: Positions
    reached: Positions
    took: float

    @property
    def digest(self) -> str:
        """The same for what looks the same."""
        return sha256(self.html.encode()).hexdigest()[:16]

    @property
    def id(self) -> str:
        """What it shows, and how far at most that goes."""
        return f"{self.digest}~{positions.write(self.reached)}"


class Listed(NamedTuple):
    """What the template is given as ``part``: the list, and where it is followed; drawn by the macro ``live``."""

    html: Markup
    address: str


async def listed(
    page: Page,
    template: str,
    draw: Draw,
    *,
    readers: str = "",
    address: Mapping[str, str] | None = None,
    **context: Any,
) -> Response:
    """A page with a list in it that stays up to date while it is open. ``address``: fields that the address of what
    follows has beside those of the page.

    ``readers``: beside the address and the language, what the list depends on: ``supervisor``, or
    ``handler:housing``. Who has the same is shown one drawing, which then may rest on nothing but the projection and
    the time; the marks of ``page.unread`` are each reader's own. "" is this person alone.
    """
    page.person()
    drawing = _Drawing(page, draw, readers)
    if (shown := page.request.query_params.get(LIVE)) is not None:
        shown = page.request.headers.get("last-event-id") or shown
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(drawing.messages(shown), media_type="text/event-stream", headers=headers)
    part = await drawing.as_it_is()
    where = page.request.url.include_query_params(**{LIVE: part.id, **(address or {})})
    shows = Listed(Markup(part.html), f"{where.path}?{where.query}")  # noqa: S704 - a template drew it
    return page.show(template, part=shows, **context)


class _Drawing:
    """One list as one person sees it."""

    def __init__(self, page: Page, draw: Draw, readers: str) -> None:
        self._page, self._draw, self._is_shared = page, draw, bool(readers)
        query = [(name, value) for name, value in page.request.query_params.multi_items() if name != LIVE]
        self._owner = page.owner
        self._key = (page.request.url.path, *sorted(query), page.view.language, readers or self._owner)

    async def as_it_is(self) -> Part:
        """As the rows are now."""
        return await self._part(self._page, self._rows())

    def _rows(self) -> Version:
        return "rows", positions.write(positions.positions(self._page.portal.projection.reader()))

    async def messages(self, shown: str) -> AsyncIterator[str]:
        """The list again and again, whenever it differs from what was shown last."""
        portal, loop, changed = self._page.portal, asyncio.get_running_loop(), asyncio.Event()
        digest, reached = _read(shown)
        version = self._rows()  # later by turn, for many changes may come while others draw

        def heard(what: Changed) -> None:
            portal.viewers.heard(what)
            changed.set()

        forget = portal.projection.listen(heard)
        portal.viewers.begin(self._key)
        end = loop.time() + MOST_SECONDS
        try:
            yield f"retry: {COME_BACK_MS}\n\n"
            while loop.time() < end:
                changed.clear()
                try:
                    part = await self._for_this_reader(version)
                except (SignInFirst, NotHere):
                    return  # no longer theirs to look at; the page says so when it is opened again
                if part.digest != digest and positions.is_at_least(part.since, reached):
                    yield message(part.html, part.id)
                    digest, reached = part.digest, part.reached
                await asyncio.sleep(portal.viewers.pause(part.took, loop.time()))
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield ": still here\n\n"
                version = "turn", portal.viewers.turn
        finally:
            forget()
            portal.viewers.end(self._key)

    async def _for_this_reader(self, version: Version) -> Part:
        reader = Page(self._page.portal, self._page.request)
        if reader.person().owner != self._owner:
            raise NotHere
        return await self._part(reader, version)

    async def _part(self, reader: Page, version: Version) -> Part:
        """With this reader's own marks. What is shared is drawn once a version and minute, for times are said in it."""
        if not self._is_shared:
            return await self._drawn(reader)
        again = Page(reader.portal, reader.request, for_all=True)
        kind, at = version
        key, at = (kind, *self._key), (at, reader.at // MINUTE_MS)
        drawn = await reader.portal.once.get(key, at, lambda: self._drawn(again))
        return drawn._replace(html=reader.unread.fill_in(drawn.html))

    async def _drawn(self, page: Page) -> Part:
        """How far the rows go is read before and after, so that what is drawn is between the two."""
        reads, loop = page.portal.projection.reader, asyncio.get_running_loop()
        since, began = positions.positions(reads()), loop.time()
        html = await self._draw(page)
        return Part(html, since, positions.positions(reads()), loop.time() - began)


def _read(id: str) -> tuple[str, Positions]:
    """What was shown, and how far it went; nothing of what is no id of ours."""
    found = _ID.fullmatch(id)
    return (found[1], positions.read(found[2])) if found else ("", {})
