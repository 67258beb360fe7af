"""Sends what people asked once its ten seconds are over, as those who asked, and keeps what became of it.

One task looks for what is due. What a killed portal had begun to send is sent again under the same key, which makes it
the same command; what it had only kept is sent when it is due. About one issue things go in the order in which they
were asked, and a command waits for what the one before it published.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from services.portal.asking import Answer, Services
from services.portal.errands import KEPT, OPEN, Errand, Errands, Step
from services.portal.own import Own

AGAIN_SECONDS = 2.0
"""After so long a service is asked again that did not answer, or had not read what goes before."""
log = logging.getLogger(__name__)


class Sending:
    """Everything that is to be sent later, of everybody."""

    def __init__(
        self, own: Own, services: Services, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.errands = Errands(own)
        self._own, self._services, self._clock = own, services, clock
        self._kept = asyncio.Event()
        self._busy: set[str] = set()

    def keep(self, errand: Errand) -> None:
        """Send it when it is due, unless it is taken back before."""
        self.errands.keep(errand)
        self._kept.set()

    def take_back(self, id: str, owner: str) -> Errand | None:
        """Take it back: what was typed is a draft again. None where it was too late, or is not this person's."""
        errand = self.errands.take_back(id, owner)
        if errand is not None:
            self._give_back(errand)
        return errand

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._kept.clear()
                # One look at the clock for both: what came due between two would be neither sent nor waited for.
                waiting, now = list(self.errands.open()), self._clock()
                for subject in self._due(waiting, now):
                    self._busy.add(subject)
                    group.create_task(self._until_answered(subject))
                try:
                    await asyncio.wait_for(self._kept.wait(), _pause(waiting, now))
                except TimeoutError:
                    continue

    async def turn(self) -> None:
        """Send everything that is due now, once."""
        for subject in list(self._due(list(self.errands.open()), self._clock())):
            await self._once(subject)

    def _due(self, waiting: list[Errand], now: datetime) -> Iterator[str]:
        due = dict.fromkeys(one.subject for one in waiting if one.state != KEPT or one.due_at <= now)
        yield from (subject for subject in due if subject not in self._busy)

    async def _until_answered(self, subject: str) -> None:
        try:
            while not await self._once(subject):
                await asyncio.sleep(AGAIN_SECONDS)
        except Exception:  # one errand must not end the sending of all others; it is looked for again
            log.exception("what was asked about %s could not be sent", subject)
            await asyncio.sleep(AGAIN_SECONDS)
        finally:
            self._busy.discard(subject)
            self._kept.set()

    async def _once(self, subject: str) -> bool:
        """Send what is due about one issue; false where it has to be sent again."""
        for errand in self.errands.open_about(subject):
            if errand.state == KEPT and errand.due_at > self._clock():
                break
            for place, step in enumerate(errand.steps):
                if step.state in OPEN and not await self._send(errand, place, step):
                    return False
        return True

    async def _send(self, errand: Errand, place: int, step: Step) -> bool:
        """Send one command; false where nobody knows yet what became of it."""
        if not self.errands.begin(errand.id, place):
            return True  # taken back, or dropped
        answer = await self._services.post(
            step.service,
            step.path,
            step.body,
            visitor=errand.visitor,
            language=errand.language,
            key=step.key,
            after=self._own.after(errand.owner, errand.subject),
        )
        if is_open(answer):
            return False
        if (seen := str(answer.body.get("published") or "")) and answer.is_done:
            self._own.remember_after(errand.owner, errand.subject, seen, self._clock())
        self.errands.answered(errand.id, place, answer.body, is_done=answer.is_done)
        if not answer.is_done:
            self._give_back(errand)
        return True

    def _give_back(self, errand: Errand) -> None:
        """What was typed stands in its form again."""
        if errand.said.form and errand.said.typed:
            self._own.keep_draft(errand.owner, errand.said.form, errand.said.typed, self._clock())


def _pause(waiting: list[Errand], now: datetime) -> float | None:
    """Seconds until the next one is due; None, for ever, where there is none."""
    later = ((one.due_at - now).total_seconds() for one in waiting if one.state == KEPT and one.due_at > now)
    return min(later, default=None)


def is_open(answer: Answer) -> bool:
    """Whether the same command has to be sent again to know what became of it."""
    if answer.kind == "pending":
        return True
    # A command that failed for good says so with its reason; a conflict without one is a service that is behind.
    return not answer.reason and (answer.kind == "away" or answer.body.get("status") == 409)
