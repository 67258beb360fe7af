"""A walk over the index: whom it moves is asked, a slice at a time; its end is noted; interrupted it begins anew."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus.gateway import Request
from shared.contract.commands.supervision import RecalculateClocks
from shared.contract.words import Recalculation
from shared.deadlines import DueDeadline, deadline_string, partition_of
from shared.owned_timers import PATIENCE
from shared.timers import MOST
from shared.walking import Walk, Walker

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
COMMAND = RecalculateClocks(because=Recalculation.CALENDAR, version="v2", at=NOON, by="gu")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Town:
    """One service's documents, {subject: [deadline, version of what they run by]}, and who walks over them."""

    def __init__(self, count: int, partitions: Sequence[int] = (0, 1), *, at: datetime = NOON - HOUR) -> None:
        self.now = NOON
        self.documents = {f"issue-{n}": "v1" for n in range(count)}
        self.noted: dict[str, dict[str, Any]] = {}
        self.slices: list[list[Request]] = []
        self.walks = [Walk("calendar@v2", at, COMMAND, self.is_moved)]
        self.away = False
        self.looked_at = 0
        self.partitions = partitions
        self.start()

    def start(self) -> None:
        """A worker that knows nothing of an earlier one."""
        self.walker = Walker(self, self, self.post, lambda: self.walks, now=lambda: self.now)
        self.walker.assigned(self.partitions)

    def is_moved(self, state: Mapping[str, Any]) -> bool:
        self.looked_at += 1
        return state["by"] == "v1"

    def entry(self, subject: str) -> DueDeadline:
        n = int(subject.rpartition("-")[2])
        at = NOON + (n - 3) * 9 * HOUR  # some are late, the last come in months
        string = deadline_string(n % 2, at, subject)
        return DueDeadline(subject, "sweep/1/due/1" if n % 10 == 9 else "promise/1/due/1", at, string, 1)

    async def read_due(self, low: str, high: str) -> list[DueDeadline]:
        return sorted(
            (entry for entry in map(self.entry, self.documents) if low <= entry.deadline < high),
            key=lambda entry: entry.deadline,
        )

    async def read_states(self, low: str, high: str) -> list[tuple[DueDeadline, Mapping[str, Any]]]:
        return [(entry, {"by": self.documents[entry.subject]}) for entry in await self.read_due(low, high)]

    async def add(self, id: str, entry: dict[str, Any]) -> bool:
        self.noted[id] = entry
        return True

    async def get(self, id: str) -> Mapping[str, Any] | None:
        return self.noted.get(id)

    async def post(self, requests: Sequence[Request]) -> None:
        if self.away:
            raise ConnectionError("the bus is away")
        self.slices.append(list(requests))

    def consume(self) -> None:
        """The last slice is applied and answered."""
        for request in self.slices[-1]:
            self.documents[request.subject] = "v2"
        self.now += timedelta(milliseconds=50)
        self.walker.handled([request.id for request in self.slices[-1]])

    async def walk(self, slices: int = 1_000_000) -> None:
        """Turn after turn, each slice answered, until there is nothing more to do or so many slices were posted."""
        while self.walker.has_work() and slices:
            known = len(self.slices)
            await self.walker.turn()
            if len(self.slices) > known:
                slices -= 1
                self.consume()

    @property
    def asked(self) -> list[str]:
        return [request.subject for requests in self.slices for request in requests]

    @property
    def moved(self) -> set[str]:
        """All but the finished ones, which only wait for their sweep."""
        return {subject for subject in self.documents if int(subject.rpartition("-")[2]) % 10 != 9}


async def test_each_that_is_moved_is_asked_once_in_slices_and_the_end_is_noted() -> None:
    town = Town(400)
    await town.walk()
    assert sorted(town.asked) == sorted(town.moved)
    assert all(len(requests) <= MOST for requests in town.slices)
    assert len(town.slices) > len(town.moved) / MOST
    assert set(town.noted) == {"calendar@v2/0", "calendar@v2/1"}
    assert not town.walker.has_work()


async def test_two_slices_are_on_their_way_and_the_next_goes_out_when_one_was_answered() -> None:
    town = Town(400)
    while town.walker.has_work():
        await town.walker.turn()
    assert len(town.slices) == 2
    looked_at = town.looked_at
    assert looked_at > len(town.asked)  # the third was read meanwhile
    for _ in range(5):
        await town.walker.turn()
    assert (len(town.slices), town.looked_at) == (2, looked_at)
    town.consume()
    while town.walker.has_work():
        await town.walker.turn()
    assert len(town.slices) == 3
    assert len(set(town.asked)) == len(town.asked)


async def test_the_end_of_a_partition_is_noted_when_its_last_slice_was_answered() -> None:
    town = Town(20, partitions=(0,))
    while town.walker.has_work():
        await town.walker.turn()
    assert town.slices
    assert town.noted == {}
    for requests in list(town.slices):
        town.walker.handled([request.id for request in requests])
    await town.walk()
    assert set(town.noted) == {"calendar@v2/0"}


async def test_killed_in_the_middle_it_begins_anew_and_asks_nobody_who_was_moved() -> None:
    town = Town(400)
    await town.walk(slices=3)
    before = set(town.asked)
    assert before
    town.start()
    await town.walk()
    assert sorted(town.asked) == sorted(town.moved)


async def test_what_was_walked_to_its_end_is_not_walked_again() -> None:
    town = Town(50)
    await town.walk()
    looked_at = town.looked_at
    town.start()
    await town.walk()
    assert town.looked_at == looked_at


async def test_a_version_is_not_walked_before_it_is_in_force() -> None:
    town = Town(20, at=NOON + HOUR)
    assert not town.walker.has_work()
    assert await town.walker.turn() == 60
    town.now += HOUR
    assert await town.walker.turn() == 0.001
    assert town.slices == []
    town.now += timedelta(milliseconds=1)
    await town.walk()
    assert set(town.asked) == town.moved


async def test_one_version_is_walked_to_its_end_before_the_next_one_begins() -> None:
    town = Town(60, partitions=[0])
    town.walks.append(Walk("calendar@v3", NOON - DAY, COMMAND, lambda state: state["by"] == "v2"))
    await town.walk()
    names = [request.key.partition("/")[0] for requests in town.slices for request in requests]
    assert names == sorted(names)
    assert set(names) == {"calendar@v2", "calendar@v3"}


async def test_a_post_that_fails_is_tried_again_and_one_that_nobody_answers_too() -> None:
    town = Town(20, partitions=[0])
    town.away = True
    for _ in range(400):
        try:
            await town.walker.turn()
        except ConnectionError:
            break
    else:
        raise AssertionError("nothing was posted")
    town.away = False
    while town.walker.has_work():
        await town.walker.turn()
    (slice,) = town.slices
    town.now += PATIENCE
    await town.walker.turn()
    assert town.slices == [slice, slice]


async def test_partitions_that_are_somebody_elses_by_now_are_not_noted() -> None:
    town = Town(400)
    await town.walk(slices=1)
    town.walker.assigned([])
    await town.walk()
    assert town.noted == {}
    assert {partition_of(town.entry(subject).deadline) for subject in town.asked} <= {0, 1}
