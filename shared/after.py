"""Nobody is told that what they just did is unknown: a command may say what its sender has seen, and waits for it.

``Qinqing-After: /huzhou/intake=5`` is how an answer named what its command published (``published``). Whoever takes it
along to another service is asked nothing before the aggregate there has read as far (bus.md, After what).
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError

from shared.bus.document import newest_event
from shared.contract.envelope import read_seen
from shared.contract.event import epoch_of, events_topic, owner_of
from shared.contract.subjects import KINDS, subject_of
from shared.domain.aggregates import Consumer
from shared.store import Aggregates

HEADER = "Qinqing-After"
MOST_CHARS = 1000
_POSITION = r"/[a-z0-9-]+/[a-z]+(;[0-9]{1,16})?=[0-9]{1,16}"
POSITIONS = rf"^{_POSITION}(,{_POSITION})*$"
"""Events that the sender has seen, as the last number of each source."""

FIRST_PAUSE, MOST_PAUSE = 0.01, 0.16
"""Between looks at an aggregate that has to read what its asker has seen: mostly it is on its way."""


class Behind(Exception):
    """What the sender has seen has not come here yet; nothing was asked, and the same request may be sent again."""


class After:
    """Lets a command wait until the aggregate in its path has read what its sender has seen."""

    def __init__(self, store: Aggregates, consumer: Consumer, seconds: float) -> None:
        self._store, self._consumer, self._seconds = store, consumer, seconds
        self._kinds = {KINDS[kind.name].path: kind.name for kind in consumer.aggregates}

    async def __call__(self, request: Request) -> None:
        """Wait; raises Behind after ``seconds``."""
        kind, after = self._kinds.get(request.url.path.split("/")[1]), request.headers.get(HEADER)
        if after is None or kind is None or request.method != "POST" or "id" not in request.path_params:
            return
        if len(after) > MOST_CHARS or not re.match(POSITIONS, after):
            wrong = {"loc": ("header", HEADER), "type": "string_pattern_mismatch", "msg": POSITIONS}
            raise RequestValidationError([{**wrong, "ctx": {"pattern": POSITIONS}}])
        await self.has_read(subject_of(kind, request.path_params["id"]), read_seen(after))

    async def has_read(self, subject: str, seen: Mapping[str, int]) -> None:
        """Return when this aggregate has read so many events of each source; raises Behind where that takes too long.

        Sources that this service does not read count as read, and what was published before a restore: what of that is
        not here was not brought back.
        """
        wanted = {source: seq for source, seq in seen.items() if self._reads(source)}
        end, pause = asyncio.get_running_loop().time() + self._seconds, FIRST_PAUSE
        while not _within(wanted, await self._store.get(subject), self._consumer.source):
            if asyncio.get_running_loop().time() >= end:
                raise Behind(subject)
            await asyncio.sleep(pause)  # another process may read it: its store has no event for us
            pause = min(MOST_PAUSE, 2 * pause)

    def _reads(self, source: str) -> bool:
        if epoch_of(source) < self._consumer.epoch:
            return False
        return owner_of(source) == self._consumer.source or events_topic(source) in self._consumer.reads


def _within(wanted: Mapping[str, int], document: Mapping[str, Any] | None, own: str) -> bool:
    """Whether this document has read all of that, and of its own source has published it."""
    if document is None:
        return not wanted
    read = {source: seq for _, source, seq in document.get("read", ())} | newest_event(document, own)
    return all(read.get(source, 0) >= seq for source, seq in wanted.items())
