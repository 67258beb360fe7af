"""Which notices wait: told by each write, and looked up where a worker gets new partitions."""

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest

from shared.deadlines import DueDeadline, deadline_string, partition_of
from shared.domain.notices import KEPT, UNSENT
from shared.service import Service
from shared.timers import Timers
from shared.waiting_notices import WaitingNotices
from tests.unit.one_aggregate import after


def document(subject: str, partition: int = 0, state: str = "prepared", way: str = "mail") -> dict[str, Any]:
    """As a batch has written it, as far as this looks."""
    return {"_id": subject, "partition": partition, "state": {"state": state, "way": way}}


class Stored:
    """The deadlines of what is in the store; reading them waits at the gate."""

    def __init__(self) -> None:
        self.deadlines: list[DueDeadline] = []
        self.gate = asyncio.Event()
        self.gate.set()

    def holds(self, subject: str, partition: int = 0, name: str = UNSENT) -> None:
        at = after() + KEPT
        self.deadlines.append(DueDeadline(subject, name, at, deadline_string(partition, at, subject), 1))

    async def read_due(self, low: str, high: str) -> list[DueDeadline]:
        found = [due for due in self.deadlines if low <= due.deadline < high]
        await self.gate.wait()
        return sorted(found, key=lambda due: due.deadline)


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
def waiting(stored: Stored) -> WaitingNotices:
    return WaitingNotices(stored, now=lambda: after())


async def test_what_is_written_waits_until_somebody_has_begun(waiting: WaitingNotices) -> None:
    waiting.written([document("notice:a"), document("AAAAAAAAAAAAA"), document("notice:b")])
    assert (await waiting.next(), waiting.count()) == ("notice:a", 2)
    waiting.written([document("notice:a", state="sending")])
    assert await waiting.next() == "notice:b"


async def test_who_waits_is_woken(waiting: WaitingNotices) -> None:
    next_one = asyncio.create_task(waiting.next())
    await asyncio.sleep(0)
    waiting.written([document("notice:a")])
    assert await next_one == "notice:a"


async def test_what_was_prepared_before_a_start_is_found_by_its_deadline(
    waiting: WaitingNotices, stored: Stored
) -> None:
    stored.holds("notice:a")
    stored.holds("notice:elsewhere", partition=1)
    stored.holds("notice:sending", name="again/1")
    stored.holds("AAAAAAAAAAAAA", name="sweep/1")
    waiting.assigned([0, 2])
    assert await waiting.next() == "notice:a"
    assert waiting.count() == 1


async def test_what_is_written_while_the_store_is_read_is_known_better(
    waiting: WaitingNotices, stored: Stored
) -> None:
    stored.holds("notice:a")
    stored.gate.clear()
    waiting.assigned([0])
    next_one = asyncio.create_task(waiting.next())
    await asyncio.sleep(0)
    waiting.written([document("notice:a", state="sent"), document("notice:b")])
    stored.gate.set()
    assert await next_one == "notice:b" and waiting.count() == 1


async def test_a_partition_that_went_and_came_while_it_was_read_is_read_again(
    waiting: WaitingNotices, stored: Stored
) -> None:
    stored.gate.clear()
    waiting.assigned([0])
    next_one = asyncio.create_task(waiting.next())
    await asyncio.sleep(0)
    waiting.assigned([])
    stored.holds("notice:a")
    waiting.assigned([0])
    stored.gate.set()
    assert await next_one == "notice:a"


async def test_what_waits_in_a_partition_that_is_gone_is_somebody_elses(waiting: WaitingNotices) -> None:
    waiting.assigned([0, 1])
    waiting.written([document("notice:a", 0), document("notice:b", 1)])
    waiting.assigned([1])
    assert (await waiting.next(), waiting.count()) == ("notice:b", 1)


async def test_one_that_was_begun_comes_back_when_it_is_prepared_again(waiting: WaitingNotices) -> None:
    waiting.written([document("notice:a"), document("notice:b")])
    waiting.drop("notice:a")
    assert await waiting.next() == "notice:b"
    waiting.drop("notice:b")
    waiting.written([document("notice:a")])
    assert await waiting.next() == "notice:a"


async def test_in_a_partition_that_became_ours_nothing_is_begun_before_what_stood_there_was_read(
    waiting: WaitingNotices, stored: Stored
) -> None:
    heard: set[int] = set()

    async def read_so_far() -> set[int]:
        return heard

    async def post(due: object) -> None:
        raise AssertionError("nothing is due")

    timers = Timers(stored, post, now=lambda: after(), heard=read_so_far, on_heard=waiting.assigned)
    others = Mock()
    service = Mock(timers=timers, waiting_notices=waiting, walker=None, held=others, upgrades=others)
    stored.holds("notice:a", partition=0)
    stored.holds("notice:b", partition=1)
    next_one = asyncio.create_task(waiting.next())
    for _ in range(3):  # owners that come and go
        Service._on_assigned(service, [])
        Service._on_assigned(service, [0, 1])
        await timers.turn()
        await asyncio.sleep(0)
        assert not next_one.done() and not waiting.count()
    heard.add(1)
    await timers.turn()
    assert (await next_one, waiting.count()) == ("notice:b", 1)
    waiting.drop("notice:b")
    heard.add(0)
    await timers.turn()
    assert await waiting.next() == "notice:a"


def test_the_deadlines_of_this_test_stand_in_their_partitions(stored: Stored) -> None:
    stored.holds("notice:a", partition=3)
    assert partition_of(stored.deadlines[0].deadline) == 3


async def test_each_way_has_its_own_and_one_that_is_away_holds_up_no_other(
    waiting: WaitingNotices, stored: Stored
) -> None:
    stored.holds("notice:before", name=f"{UNSENT}/group")
    waiting.assigned([0])
    waiting.written([document("notice:mail"), document("notice:group", way="group")])
    assert await waiting.next("group") == "notice:group"
    waiting.drop("notice:group")
    assert (await waiting.next("group"), await waiting.next()) == ("notice:before", "notice:mail")
    assert (waiting.count("group"), waiting.count()) == (1, 2)
    waiting.assigned([])
    assert waiting.count() == 0


async def test_whoever_waits_for_one_way_is_woken_beside_all_others(waiting: WaitingNotices) -> None:
    senders = [asyncio.create_task(waiting.next(way)) for way in ("mail", "group", "oa")]
    await asyncio.sleep(0)
    waiting.written([document("notice:a", way="oa"), document("notice:b")])
    assert await senders[0] == "notice:b" and await senders[2] == "notice:a"
    waiting.written([document("notice:c", way="group")])
    assert await senders[1] == "notice:c"
