"""The index of deadlines: one string for each aggregate, and how a wide range of it is read piece by piece.

A string is ``<partition>|<fire-at UTC>|<4 hex of the subject's hash>``. One aggregate in 64, by its hash, has ``+``
instead of the first bar: a range of these is short enough to be read whole, and tells where the range of all the others
can be cut. So nobody counts: where 100,000 deadlines lie in one millisecond the cost is that of those that are read
(docs/decisions/0019). Every read is bounded at both ends: the embedded store scans for anything else.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
MILESTONE = 64
"""One aggregate in so many is a milestone."""
CUT_EVERY = 2
"""So many milestones make one piece: about 128 deadlines, which the embedded store reads in 6 ms."""
_PLAIN, _MILESTONE = "|", "+"
_PARTITION = 5
_TO = "|~"
"""Behind every hash of one millisecond."""


SWEEP = "sweep"
"""How the names of sweeps begin: what a finished document kept for sending again is forgotten."""


class DueDeadline(NamedTuple):
    """One deadline as the index holds it."""

    subject: str
    name: str
    at: datetime
    deadline: str
    version: int
    held: bool = False
    """Its aggregate holds events whose predecessor is missing: supervision does not judge it before that comes. A sweep
    judges nothing, so it waits for none."""

    @property
    def key(self) -> str:
        """What makes the command of this deadline the same one when it is sent again."""
        return f"{self.subject}/{self.name}"

    @property
    def milestone(self) -> bool:
        """Whether it is one of the few that tell where the others can be cut."""
        return self.deadline[_PARTITION] == _MILESTONE

    @property
    def place(self) -> str:
        """Where it stands in its partition: strings sort as instants do."""
        return self.deadline[_PARTITION + 1 :]


class Piece(NamedTuple):
    """One part of a range of places, [low, high), and the milestones in it."""

    low: str
    high: str
    milestones: tuple[DueDeadline, ...] = ()


class Deadlines(Protocol):
    """What reading deadlines needs of a store."""

    async def read_due(self, low: str, high: str) -> list[DueDeadline]:
        """The deadlines whose index string lies in [low, high), in order of it."""


def deadline_string(partition: int, fire_at: datetime, subject: str) -> str:
    """The index string of one deadline; of a fraction of a millisecond the end, so that it never fires early."""
    spread = blake2b(subject.encode(), digest_size=4).hexdigest()
    lane = _MILESTONE if int(spread[4:], 16) % MILESTONE == 0 else _PLAIN
    return f"{partition:0{_PARTITION}d}{lane}{place_of(fire_at)}|{spread[:4]}"


def fire_at_of(deadline: str) -> datetime:
    """The fire-at instant an index string holds."""
    return instant_of(deadline[_PARTITION + 1 :])


def partition_of(deadline: str) -> int:
    """The partition an index string holds."""
    return int(deadline[:_PARTITION])


def due_of(document: Mapping[str, Any]) -> DueDeadline:
    """The next deadline of a stored document that has one."""
    at = datetime.fromisoformat(document["due"]["at"]).astimezone(UTC)
    return DueDeadline(
        document["_id"],
        document["due"]["name"],
        at,
        document["deadline"],
        document["v"],
        "held_since" in document and not is_sweep(document["due"]["name"]),
    )


def is_sweep(name: str) -> bool:
    """Whether a deadline of this name is the document's own, and none that its aggregate has before it."""
    return name.startswith(f"{SWEEP}/")


def place_of(at: datetime) -> str:
    """Where the deadlines of an instant begin, to the millisecond, rounded up."""
    if part := at.microsecond % 1000:
        at += timedelta(microseconds=1000 - part)
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant_of(place: str) -> datetime:
    """The instant of a place."""
    return datetime.fromisoformat(place.partition("|")[0])


def behind(at: datetime) -> str:
    """The place behind every deadline of an instant."""
    return place_of(at) + _TO


def come_by(now: datetime) -> str:
    """The place behind every deadline that has come: the record of a command has its time cut to the millisecond,
    so one of which only a fraction has passed would fire too early."""
    return behind(now.replace(microsecond=now.microsecond // 1000 * 1000))


async def cut(store: Deadlines, partition: int, low: str, high: str) -> list[Piece]:
    """The places [low, high) in pieces of about 128 deadlines, in order; costs a 64th of what lies in them."""
    return pieces(await milestones(store, partition, low, high), low, high)


async def milestones(store: Deadlines, partition: int, low: str, high: str) -> list[DueDeadline]:
    """The milestones of a partition in [low, high), in order."""
    return await store.read_due(*_bounds(partition, _MILESTONE, low, high))


def pieces(found: Sequence[DueDeadline], low: str, high: str) -> list[Piece]:
    """[low, high) cut at every second of its milestones."""
    parts: list[Piece] = []
    left = low
    for start in range(0, len(found), CUT_EVERY):
        part = tuple(found[start : start + CUT_EVERY])
        following = found[start + CUT_EVERY : start + CUT_EVERY + 1]
        # Many subjects may share one string: a piece ends where the next string begins.
        right = following[0].place if following else high
        parts.append(Piece(left, right, part))
        left = right
    return parts or [Piece(low, high)]


async def read_piece(store: Deadlines, partition: int, piece: Piece) -> list[DueDeadline]:
    """Every deadline of one piece, in order of place; the milestones as they were when the range was cut."""
    found = await store.read_due(*_bounds(partition, _PLAIN, piece.low, piece.high))
    return sorted([*found, *piece.milestones], key=lambda entry: entry.place)


class States(Protocol):
    """What reading deadlines with their states needs of a store."""

    async def read_states(self, low: str, high: str) -> list[tuple[DueDeadline, Mapping[str, Any]]]:
        """The deadlines whose index string lies in [low, high), each with the state it stands in."""


async def read_states(
    store: States, partition: int, piece: Piece
) -> list[tuple[DueDeadline, Mapping[str, Any]]]:
    """Every deadline of one piece with the state of its aggregate, in no order."""
    lanes = [_bounds(partition, lane, piece.low, piece.high) for lane in (_PLAIN, _MILESTONE)]
    return [found for bounds in lanes for found in await store.read_states(*bounds)]


async def due_in(store: Deadlines, partition: int, start: datetime, end: datetime) -> list[DueDeadline]:
    """All deadlines with start <= fire_at <= end, in order of place; [] where there are none."""
    return [entry async for part in slices(store, partition, start, end) for entry in part]


async def slices(
    store: Deadlines, partition: int, start: datetime, end: datetime
) -> AsyncIterator[list[DueDeadline]]:
    """Yield the deadlines with start <= fire_at <= end in order, a few hundred at a time, none of them empty."""
    for piece in await cut(store, partition, place_of(start), behind(end)):
        if part := await read_piece(store, partition, piece):
            yield part


def _bounds(partition: int, lane: str, low: str, high: str) -> tuple[str, str]:
    return f"{partition:0{_PARTITION}d}{lane}{low}", f"{partition:0{_PARTITION}d}{lane}{high}"
