"""Supervision with a million open deadlines: turns of its timers, a start, the storm.

Everything is loaded first and measured then: turns at ten thousand and at a million side by side; APScheduler beside us
at ten thousand; a start with a million open and 100,000 breaches due in one second; as many warnings. Fails unless
every deadline fires once.
"""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from bench.draining import Say, alone
from bench.results import Result
from bench.timers import issues
from bench.timers.beside import beside
from bench.timers.loading import Models, Names, Sizes, collection, load
from bench.timers.polls import BEFORE, side_by_side
from bench.timers.result import result
from bench.timers.storms import storms

DUE_OF_TURNS = 6_000
"""So many of the due ones lie in both collections, at ten thousand and at a million, when turns are measured."""
FIRST_START = ("dispatch", "supervision")
"""The owners of the reference data without which supervision decides nothing; then supervision goes on alone."""
SERVICE, SECOND_STORE = "supervision", "intake"
SMALL_NAME = "small"


def measure(say: Say, sizes: Sizes) -> Result:
    """Load, and measure one thing after the other."""
    return asyncio.run(_measure(say, sizes))


async def _measure(say: Say, sizes: Sizes) -> Result:
    now = datetime.now(UTC).replace(microsecond=0)
    models, names = await Models.at(now), Names.of(sizes)
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(alone(SERVICE, FIRST_START, SECOND_STORE))
        url, second = system.store_urls[SERVICE], system.store_urls[SECOND_STORE]
        own, many, few = [
            await collection(stack, address, name)
            for address, name in ((url, SERVICE), (second, SERVICE), (second, SMALL_NAME))
        ]
        in_turns = names.due[: min(DUE_OF_TURNS, sizes.due)]
        for store, count in ((few, sizes.small), (many, sizes.open)):
            say(f"{count:,} open issues into a store")
            await load(store, issues.copies(models.open, names.open[:count]))
        for store in (few, many):
            await load(store, issues.copies([models.due], in_turns))
        for store in (own, many):
            await load(store, issues.copies([models.broken], names.people))
        say("loaded: from here on it is measured")
        turns = await side_by_side([few, many], now - BEFORE, now)
        say(
            f"full slices at {sizes.small:,} and {sizes.open:,}: {[round(one.slice_ms, 2) for one in turns]} ms"
        )
        ours_and_theirs = await beside(say, few, second, sizes.small, models.due, models.broken)
        await load(many, issues.copies([models.due], names.due[len(in_turns) :]))
        drained = await storms(say, system, (second, many), models, names)
    return result(sizes, turns, ours_and_theirs, drained, models)
