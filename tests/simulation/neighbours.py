"""A neighbouring county whose events are mirrored onto our topics: sequences of its own, out of order and late."""

from random import Random

from shared.bus.records import Outgoing
from shared.contract.envelope import seal, sha256_of
from shared.contract.event import FEEDBACK, Event
from shared.contract.events.feedback import RatingLapsed, ReplyRated
from shared.contract.words import Satisfaction, Solved
from tests.simulation.clients import HOUR, Clients
from tests.simulation.scheduler import Scheduler

NEIGHBOUR = "deqing"
LONG = "不满意" * 57_000
"""Half a megabyte."""


class Neighbour:
    """What another county tells about our issues."""

    def __init__(self, scheduler: Scheduler, clients: Clients, rng: Random) -> None:
        self._scheduler, self._clients, self._rng = scheduler, clients, rng

    async def tell(self, subject: str) -> None:
        """Something that nobody here acts on, but that must be read in its order."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        await clients.sleep(clients.pause())
        rated = ReplyRated(round=1, satisfaction=Satisfaction.SATISFIED, solved=Solved.YES)
        chatter: list[Event] = [rng.choice((rated, RatingLapsed(round=1))) for _ in range(rng.randint(3, 9))]
        if rng.random() < 0.25:  # more than may wait for its predecessor
            far = ReplyRated(round=1, satisfaction=Satisfaction.SATISFIED, solved=Solved.YES, reason=LONG)
            chatter = [far] * 14
            self._scheduler.counts["more waits than may be held"] += 1
        await self._out_of_order(FEEDBACK, subject, chatter)
        self._scheduler.counts["a neighbour tells out of order"] += 1
        clients.busy -= 1

    async def _out_of_order(self, topic: str, subject: str, events: list[Event]) -> None:
        """All but the first in any order, some twice, and the first hours later."""
        records = self._sealed(topic, subject, events)
        first, *others = records
        self._rng.shuffle(others)
        for record in [*others, *self._rng.sample(others, len(others) // 3)]:
            await self._clients.send(record)
        await self._clients.sleep(self._rng.choice((0, HOUR, 9 * HOUR)))
        await self._clients.send(first)

    def _sealed(self, topic: str, subject: str, events: list[Event]) -> list[Outgoing]:
        """A sequence as its owner would publish it."""
        records: list[Outgoing] = []
        previous, now = "", self._scheduler.clock.now()
        for seq, event in enumerate(events, start=1):
            raw = seal(
                id=f"{NEIGHBOUR}/{topic}:{subject}:{seq}",
                type=event.type,
                source=f"/{NEIGHBOUR}/{topic.partition('.')[0]}",
                subject=subject,
                time=now,
                data=event.model_dump(mode="json"),
                seq=seq,
                previous=previous,
                mustunderstand=event.must_understand,
            )
            previous = sha256_of(raw)
            records.append(Outgoing(topic, subject, raw, seq=seq, sha256=previous))
        return records
