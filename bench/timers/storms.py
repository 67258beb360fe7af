"""Supervision alone: a start with a million open and many due in one second, and as many warnings."""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from bench.client import Client
from bench.draining import QUIET, Act, Alone, Bare, Drain, Say, acting, drain, quietly
from bench.parts import official
from bench.timers import issues
from bench.timers.loading import Models, Names, load
from services.cli.embedded import Child
from services.cli.embedded.services import jurisdiction
from shared.bus.document import Stored
from shared.contract.words import DocumentKind, Role
from shared.domain.documents import register_of
from shared.store import Aggregates

EXPLAINED = {"round": 1, "words": "等待上级批复用地指标。"}
OUTCOMES_A_BREACH = 3
"""The deadline fires, the register gives its reminder a number, and the issue records that."""
SAMPLE = 1_000
DONE = (200, 201)
"""What a command that was done is answered with."""


class Drained(NamedTuple):
    """What was drained, how many of them, and the bare loop over the same documents."""

    drain: Drain
    many: int
    bare: Bare

    @property
    def speed(self) -> float:
        """How many a second."""
        return self.many / self.drain.seconds

    @property
    def share(self) -> float:
        """Of the bare loop's speed."""
        return self.speed / self.bare.speed


class Storms(NamedTuple):
    """The person's quiet answers, each drain, and the seconds of the start: until ready, until the first fired."""

    quiet: list[float]
    due: Drained
    warned: Drained
    ready: float
    first: float


async def storms(
    say: Say, system: Alone, many: tuple[str, Aggregates], models: Models, names: Names
) -> Storms:
    """``many``: address and collection of the large store."""
    people = iter(names.people)
    async with system.run() as child:
        say(f"{QUIET} explanations, one after the other, while nothing is due")
        quiet = await quietly(explaining(system, child), people)
    late = iter(names.people)
    ready, first, due = await _due(say, system, many, late, models, names)
    say(
        f"{due.many:,} fired: {due.speed:,.0f}/s, {due.share:.2f} of the bare loop; the first after {first:.1f} s"
    )
    warned = await _warned(say, system, many, late, models, names)
    say(f"{warned.many:,} warned: {warned.speed:,.0f}/s, {warned.share:.2f} of the bare loop")
    return Storms(quiet, due, warned, ready, first)


# -------------------------------------------------------------- a start, and what is due in one second


async def _due(
    say: Say, system: Alone, many: tuple[str, Aggregates], people: Iterator[str], models: Models, names: Names
) -> tuple[float, float, Drained]:
    url, store = many
    bare, quarter = Bare(store._collection, partial(issues.like, models.broken)), len(names.bare) // 4
    await bare_loop(bare, store, [models.due], names.bare[:quarter])
    say(f"a start with {len(names.open):,} open and {len(names.due):,} due in one second")
    started = time.perf_counter()
    async with system.run(url) as child:
        ready = time.perf_counter() - started
        found = await drain(child, explaining(system, child), people, OUTCOMES_A_BREACH * len(names.due))
    _check_all_fired(found, names.due)
    await _check_breaches(store, models.due, names.due)
    await bare_loop(bare, store, [models.due], names.bare[quarter : 2 * quarter])
    return ready, ready + found.first, Drained(found, len(names.due), bare)


async def _warned(
    say: Say, system: Alone, many: tuple[str, Aggregates], people: Iterator[str], models: Models, names: Names
) -> Drained:
    """Deadlines after which each document is written once: what a breach takes twice, for its paper has a number."""
    url, store = many
    bare, quarter = Bare(store._collection, partial(issues.like, models.warned)), len(names.bare) // 4
    await bare_loop(bare, store, [models.to_warn], names.bare[2 * quarter : 3 * quarter])
    await load(store, issues.copies([models.to_warn], names.warned))
    say(f"a start with {len(names.warned):,} warnings due in one second")
    async with system.run(url) as child:
        found = await drain(child, explaining(system, child), people, len(names.warned))
    _check_all_fired(found, names.warned)
    for document in (await store.load(names.warned[:: max(1, len(names.warned) // SAMPLE)])).values():
        assert document["state"] == models.warned["state"], document["_id"]
    await bare_loop(bare, store, [models.to_warn], names.bare[3 * quarter :])
    return Drained(found, len(names.warned), bare)


async def _check_breaches(store: Aggregates, due: Stored, subjects: Sequence[str]) -> None:
    """Each broken promise has one reminder with a number of its own, and the register gave no number besides."""
    sample = (await store.load(subjects[:: max(1, len(subjects) // SAMPLE)])).values()
    for document in sample:
        assert len(document["state"]["documents"]) == 1, document["_id"]
    numbers = {document["state"]["documents"][0]["number"] for document in sample}
    assert len(numbers) == len(sample)
    register = await store.get(register_of(jurisdiction(), DocumentKind.REMINDER, int(due["due"]["at"][:4])))
    assert register is not None
    assert register["state"]["last"] == len(subjects), register["state"]


# -------------------------------------------------------------- what both have in common


def explaining(system: Alone, child: Child) -> Act:
    """A handler who explains one broken promise after the other."""
    client = Client(child.url, official(system.data, Role.HANDLER, issues.DEPARTMENT))
    return acting(client, "explain", EXPLAINED)


def _check_all_fired(found: Drain, subjects: Sequence[str]) -> None:
    check_outcomes(found)
    counted = found.counters["posted"]
    assert counted == len(subjects), f"{counted:,.0f} posted of {len(subjects):,}"


def check_outcomes(found: Drain) -> None:
    """Nothing was set aside, and nothing asked twice."""
    for what in ("void", "dead_letters"):
        assert found.counters[what] == 0, f"{found.counters[what]:.0f} {what}"


async def bare_loop(bare: Bare, store: Aggregates, models: Sequence[Stored], subjects: Sequence[str]) -> None:
    """The bare loop over documents of its own, which nothing will be due of when the service runs."""
    await load(store, issues.copies(models, subjects))
    await bare.replace(subjects)
