"""Sends the notices that wait to go one way: begin, hand it in there, record; each a command to one's own service.

A far side that is away holds up no other way and costs no try: nothing is begun before it answers. What fails in
between is prepared again by its own deadline (shared/domain/notices.py).
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from uuid import uuid4

import structlog

from shared.bus.gateway import Request
from shared.contract.command import Command
from shared.contract.subjects import id_of
from shared.contract.words import MAIL, Unsent
from shared.domain.notices import FIRST_PAUSE, Item, Notice, State
from shared.metrics import Metrics
from shared.sending import Away, Later, Refused, Sender
from shared.waiting_notices import WaitingNotices

log = structlog.get_logger(__name__)

GATEWAY, ACTOR = "notifier", "system:notices"
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds before a far side that is away is asked again, doubled each time."""
ENOUGH_SECONDS = FIRST_PAUSE.total_seconds() / 2
"""Who has not come to the far side by then lets it be: somebody else may begin soon."""
GOODBYE_SECONDS = 10.0
"""How long what is under way is waited for when the service stops."""
RETRY_SECONDS = 1.0
MOST_SAID = 80
"""Characters of what is kept of why something was refused."""

M = TypeVar("M")
Write = Callable[[str, Notice], Awaitable[M | Unsent]]
"""(id, notice) -> the mail or the post, or why there can be none."""
StillSo = Callable[[Item], Awaitable[bool]]
"""Whether there is something to be told still; it is asked when a notice is written."""


class Asks(NamedTuple):
    """The commands of one service about its notices."""

    begins: type[Command]
    records: type[Command]
    gives_up: type[Command]


class Asking(Protocol):
    """What this needs of a gateway."""

    async def ask(self, request: Request) -> Mapping[str, Any] | None:
        """Post one command; its outcome, or None when it is not known in time."""
        ...

    async def post(self, requests: list[Request]) -> None:
        """Post commands; returns when they are acknowledged."""
        ...


class Documents(Protocol):
    """What this needs of a store."""

    async def get(self, subject: str) -> Mapping[str, Any] | None:
        """One document, or None."""
        ...


async def always(item: Item) -> bool:
    """Whatever happened is told."""
    return True


class Handing(NamedTuple, Generic[M]):
    """One way of telling people: its name, what hands in there, and what writes what is handed in."""

    way: str
    sender: Sender[M]
    write: Write[M]
    is_still_so: StillSo = always


class Notifier(Generic[M]):
    """Sends one notice after the other, as long as some wait to go its way."""

    def __init__(
        self,
        waiting: WaitingNotices,
        gateway: Asking,
        documents: Documents,
        way: Handing[M],
        asks: Asks,
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.monotonic,
        token: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self._waiting, self._gateway, self._documents = waiting, gateway, documents
        self._way, self._sender, self._write, self._is_still_so = way
        self._asks, self._metrics = asks, metrics
        self._clock, self._token = clock, token
        self._wait = FIRST_WAIT

    async def run(self) -> None:
        """For ever; what is under way when the service stops is brought to its end."""
        while True:
            subject = await self._waiting.next(self._way)
            if not await self.connected():
                await asyncio.sleep(self._pause())  # nothing says when a server is there again
                continue
            attempt = asyncio.create_task(self.attempt(subject))
            try:
                await asyncio.shield(attempt)
            except asyncio.CancelledError:
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(attempt, GOODBYE_SECONDS)
                raise
            if not self._waiting.count(self._way):
                await self._sender.close()

    async def connected(self) -> bool:
        """Whether whoever takes them there can be reached now."""
        try:
            await self._sender.connect()
        except Away as error:
            away = "mail server away" if self._way == MAIL else "robot or webhook away"
            log.warning(
                away,
                way=self._way,
                error=str(error),
                waiting=self._waiting.count(self._way),
            )
            return False
        self._wait = FIRST_WAIT
        return True

    async def attempt(self, subject: str) -> None:
        """Try one notice, once; whatever fails here, its deadline brings it again."""
        began = self._clock()
        begin = self._request(subject, self._asks.begins(), f"begin/{self._token()}")
        outcome = await self._gateway.ask(begin)
        # Somebody else has it, or offices are closed; or it is begun some time, when nobody waits for that any more,
        # and then tried again.
        if outcome is None or outcome["status"] != "done" or outcome["state"] != State.SENDING:
            self._waiting.drop(subject)
        else:
            await self._send(subject, await self._read(subject), began)

    async def _send(self, subject: str, notice: Notice, began: float) -> None:
        """Send what was begun, and record it; or give it up."""
        so = [await self._is_still_so(item) for item in notice.items]
        items = tuple(item for item, is_so in zip(notice.items, so, strict=True) if is_so)
        narrowed = notice.model_copy(update={"items": items})
        message = await self._write(id_of(subject), narrowed) if items else Unsent.OVERTAKEN
        if isinstance(message, Unsent):
            await self._give_up(subject, notice, message)
            return
        if self._clock() - began > ENOUGH_SECONDS:
            return
        try:
            await self._sender.send(message)
        except Refused as error:
            await self._give_up(subject, notice, Unsent.REFUSED, str(error))
        except (Later, Away) as error:
            log.info("notice not taken", notice=subject, way=self._way, error=str(error))
            self._metrics.notices.labels("later").inc()
            await self._sender.close()
        else:
            left_out = tuple(place for place, is_so in enumerate(so) if not is_so)
            taken = self._asks.records.model_validate({"left_out": left_out})
            await self._post(self._request(subject, taken, f"record/{notice.tries}"))
            self._metrics.notices.labels("sent").inc()

    async def _read(self, subject: str) -> Notice:
        document = await self._documents.get(subject)
        return Notice.model_validate((document or {}).get("state"))

    async def _give_up(self, subject: str, notice: Notice, why: Unsent, said: str = "") -> None:
        asked = self._asks.gives_up.model_validate({"why": why, "said": said[:MOST_SAID]})
        await self._post(self._request(subject, asked, f"give_up/{notice.tries}"))
        self._metrics.notices.labels("given_up").inc()

    async def _post(self, request: Request) -> None:
        """Post it, however long that takes: as long as this process lives, no mail is sent again for want of it."""
        while True:
            try:
                await self._gateway.post([request])
                return
            except Exception as error:
                log.warning("notice not recorded yet", error=type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)

    def _request(self, subject: str, command: Command, key: str) -> Request:
        return Request(subject, command, GATEWAY, ACTOR, f"{subject}/{key}")

    def _pause(self) -> float:
        """The seconds until the server is asked again."""
        wait, self._wait = self._wait, min(self._wait * 2, LONGEST_WAIT)
        return wait
