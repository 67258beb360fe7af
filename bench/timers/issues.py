"""Documents of supervision as it stores them itself: issues with a promise and a holding clock, by the million.

The service's own processor makes a few hundred of them from the events of the other owners; the others are the same
with another subject, in its own partition and at its own place in the index of deadlines.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import count

import bson
from aiokafka.partitioner import murmur2
from bson.raw_bson import RawBSONDocument

from bench.pipeline.consumer import BuiltinReference
from services.cli.embedded.services import jurisdiction
from services.supervision.builtin import builtin_calendar, builtin_policy
from services.supervision.consumer import consumer
from shared.bus.document import Stored
from shared.bus.gateway import Request, sealed
from shared.bus.processor import Processor
from shared.bus.records import Outgoing, Record
from shared.contract.command import FireDeadline
from shared.contract.commands.supervision import RecalculateClocks, RecordNumber
from shared.contract.envelope import seal, sha256_of
from shared.contract.event import Event
from shared.contract.events.dispatch import AssignmentSigned, IssueAssigned
from shared.contract.events.intake import IssueAccepted, IssueRegistered, PromiseStarted
from shared.contract.events.supervision import PolicyPublished
from shared.contract.subjects import subject_of
from shared.contract.words import Recalculation
from shared.deadlines import deadline_string, due_of, fire_at_of
from shared.domain.clocks import SHANGHAI, CompletePolicy, Limit, due_at
from shared.settings import Settings
from shared.timers import ACTOR, GATEWAY

PARTITIONS: int = Settings.model_fields["partitions_count"].default
DEPARTMENT = "housing"
MINUTE = timedelta(minutes=1)
_OFFSETS, _LONG_AGO = count(1), -2


class Played:
    """One issue as the processor makes it: a store of one document, and what was published of it."""

    def __init__(self) -> None:
        self.document: Stored | None = None
        self.published: list[Outgoing] = []
        self.known = BuiltinReference()
        self._owned = consumer(jurisdiction())
        self._processor = Processor(self._owned, self, self._publish, self.known)
        self._read: dict[str, int] = {}

    async def load(self, subjects: Sequence[str]) -> dict[str, Stored]:
        """As a store does."""
        return {} if self.document is None else {self.document["_id"]: self.document}

    async def write(self, documents: Sequence[Stored]) -> set[str]:
        """As a store does."""
        (self.document,) = documents
        return set()

    async def released(self, documents: Sequence[Stored]) -> None:
        """As a store does."""
        raise AssertionError("nothing waits here")

    async def remember(self, outcomes: Sequence[Stored]) -> None:
        """As a store does."""
        raise AssertionError("nothing is old here")

    def at_rest(self) -> Stored:
        """The document as a service finds it that has committed whatever lies before it."""
        assert self.document is not None
        outbox = [
            [cause, [topic, partition, _LONG_AGO], records]
            for cause, (topic, partition, _), records in self.document.get("outbox", ())
        ]
        return {**self.document, "outbox": outbox}

    async def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        self.published += outgoing

    async def hear(self, subject: str, event: Event, at: datetime) -> None:
        """An event of another owner, the next one of its topic."""
        seq = self._read[event.topic] = self._read.get(event.topic, 0) + 1
        raw = seal(
            id=f"{event.topic}:{subject}:{seq}",
            type=event.type,
            source=f"/{jurisdiction()}/{event.topic.partition('.')[0]}",
            subject=subject,
            time=at,
            data=event.model_dump(mode="json"),
            seq=seq,
        )
        await self._take(event.topic, subject, raw, at, sha256_of(raw))

    async def ask(self, request: Request, at: datetime) -> None:
        """A command of its own service, appended at that instant."""
        record = sealed(request, self._owned.source)
        await self._take(record.topic, request.subject, record.value, at)

    async def fire_until(self, at: datetime) -> None:
        """Let each deadline fire that is due by then, at its own instant."""
        while self.document and "deadline" in self.document and self.fires() <= at:
            await self.fire(self.fires())

    async def fire(self, at: datetime) -> None:
        """Let its next deadline fire."""
        assert self.document is not None
        due = due_of(self.document)
        command = FireDeadline(name=due.name, due_at=due.at)
        await self.ask(Request(due.subject, command, GATEWAY, ACTOR, due.key), at)

    def fires(self) -> datetime:
        """When its next deadline fires."""
        assert self.document is not None
        return fire_at_of(self.document["deadline"])

    async def _take(
        self, topic: str, subject: str, raw: bytes, at: datetime, sha256: str | None = None
    ) -> None:
        place, offset = partition_of(subject), next(_OFFSETS)
        self._processor.committed({(topic, place): offset})  # all before it was published long ago
        record = Record(topic, place, offset, int(at.timestamp() * 1000), subject.encode(), raw, sha256)
        await self._processor.run([record])
        assert not any(one.topic.endswith(".dlq") for one in self.published), self.published[-1]


def partition_of(subject: str) -> int:
    """Where Kafka puts what bears this key."""
    place: int = murmur2(subject.encode()) % 2**31 % PARTITIONS
    return place


async def issue(subject: str, began: datetime) -> Played:
    """An issue that is registered, promised, accepted and assigned within an hour, and signed for."""
    policy, calendar = builtin_policy(), builtin_calendar()
    limit = policy.limits["promise"]
    promised = PromiseStarted(
        started_at=began,
        due_at=due_at(began, limit, policy, calendar).at,
        limit=str(limit),
        policy=policy.version,
        calendar=calendar.version,
    )
    one = Played()
    await one.hear(subject, IssueRegistered(number="HZ-00000-0"), began)
    await one.hear(subject, promised, began)
    await one.hear(subject, IssueAccepted(title="停车难", text="厂门口没有车位", by="chen"), began + MINUTE)
    assigned = IssueAssigned(assignment="a1", department=DEPARTMENT, head="局长", by="chen")
    await one.hear(subject, assigned, began + 30 * MINUTE)
    signed = AssignmentSigned(assignment="a1", department=DEPARTMENT, by="li")
    await one.hear(subject, signed, began + 60 * MINUTE)
    return one


MODEL = "issue-0000000"
"""The subject of those that others are copied from."""


def subjects(first: int, many: int) -> list[str]:
    """So many subjects of issues from this number on."""
    return [f"issue-{number:07d}" for number in range(first, first + many)]


async def open_ones(now: datetime, quiet_until: datetime) -> list[Stored]:
    """Issues of the last two weeks, one for each half hour of an office day, that fire nothing before ``quiet_until``;
    warned, where they have been, as if the timers had never stood still."""
    found: list[Stored] = []
    for began in _office_times(now, days=13):
        one = await issue(MODEL, began)
        await one.fire_until(now)
        if fire_at_of((document := one.at_rest())["deadline"]) > quiet_until:
            found.append(document)
    return found


async def due_last(now: datetime) -> Played:
    """An issue whose promise and holding clock both fell due at the end of the last office day, not fired yet."""
    policy, calendar = builtin_policy(), builtin_calendar()
    end = _last_office_end(now - timedelta(seconds=policy.grace_seconds))
    began = next(
        at
        for at in _office_times(end, days=40)
        if due_at(at, policy.limits["promise"], policy, calendar).at == end
    )
    one = await issue(MODEL, began)
    await one.fire_until(end)
    return one


async def broken_last(now: datetime) -> Played:
    """The same issue once the breach was told: it stands at the first step, and its reminder is out with a number."""
    one = await due_last(now)
    await one.fire(now)
    number = RecordNumber(document="d1", number=1)
    await one.ask(Request(MODEL, number, "bench", "system:bench", "d1"), now)
    return one


async def warned_last(now: datetime) -> Played:
    """An issue whose first warning, of promise and holding clock, fell due at the end of the last office day, not fired
    yet: a deadline that nothing follows but its event."""
    policy = builtin_policy()
    grace = timedelta(seconds=policy.grace_seconds)
    end = _last_office_end(now - grace)
    for began in _office_times(end, days=40):
        one = await issue(MODEL, began)
        if one.fires() == end + grace:
            return one
    raise AssertionError(f"no office day in forty whose issues are first warned at {end}")


async def moved(now: datetime) -> Played:
    """An open issue whose promise a policy has moved (``longer``)."""
    one, policy = await issue(MODEL, next(_office_times(now, days=13))), longer()
    await one.fire_until(now)
    published = PolicyPublished(
        version=policy.version, in_force_from=now, policy=policy, by="bench", applies_to_running=True
    )
    one.known.reference.learn(subject_of("policy", jurisdiction()), published)
    asked = RecalculateClocks(because=Recalculation.POLICY, version=policy.version, at=now, by="bench")
    await one.ask(Request(MODEL, asked, "bench", "system:bench", "moved"), now)
    return one


def longer() -> CompletePolicy:
    """The built-in policy with two working days more for a promise, and for nothing else."""
    policy = builtin_policy()
    limits = {**policy.limits, "promise": Limit("12wd")}
    return policy.model_copy(update={"version": "longer", "limits": limits})


def like(model: Stored, found: Stored) -> Stored:
    """The document that follows the one that was found: the model's, of another issue."""
    deadline = deadline_string(found["partition"], fire_at_of(model["deadline"]), found["_id"])
    own = {"_id": found["_id"], "v": found["v"] + 1, "partition": found["partition"], "deadline": deadline}
    return {**model, "jurisdiction": jurisdiction(), **own}


def copies(models: Sequence[Stored], names: Sequence[str]) -> Iterator[RawBSONDocument]:
    """The models in turn, each for another subject, which must be as long as theirs."""
    moulds: list[tuple[bytes, bytes, bytes, datetime | None]] = []
    for model in models:
        deadline = model.get("deadline", "")
        whole = bson.encode({"jurisdiction": jurisdiction(), **model})
        at = fire_at_of(deadline) if deadline else None
        moulds.append((whole, model["_id"].encode(), deadline.encode(), at))
    for number, subject in enumerate(names):
        whole, before, deadline, at = moulds[number % len(moulds)]
        place = partition_of(subject)
        copy = whole.replace(before, subject.encode())
        if at is not None:
            copy = copy.replace(deadline, deadline_string(place, at, subject).encode())
        yield RawBSONDocument(_placed(copy, place))


_PLACE = b"\x10partition\x00"
"""How the field begins in BSON: a 32-bit integer follows."""


def _placed(document: bytes, place: int) -> bytes:
    at = document.index(_PLACE) + len(_PLACE)
    return document[:at] + place.to_bytes(4, "little") + document[at + 4 :]


def _office_times(now: datetime, days: int) -> Iterator[datetime]:
    """Every half hour from 09:00 to 16:00 in Shanghai of the working days before, the last day first."""
    calendar = builtin_calendar()
    today = now.astimezone(SHANGHAI).date()
    for day in (today - timedelta(days=back) for back in range(1, days + 1)):
        if calendar.is_working_day(day):
            morning = datetime.combine(day, time(9), SHANGHAI)
            yield from (morning + half * 30 * MINUTE for half in range(15))


def _last_office_end(now: datetime) -> datetime:
    """The last end of an office day before an instant."""
    end, calendar = builtin_policy().office_day_end, builtin_calendar()
    today = now.astimezone(SHANGHAI).date()
    ends = (datetime.combine(today - timedelta(days=back), end, SHANGHAI) for back in range(15))
    return next(at for at in ends if at < now and calendar.is_working_day(at.date()))
