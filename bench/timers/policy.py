"""A policy that reaches what runs: supervision moves 100,000 promises while a handler explains one after the other."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial

from bench.client import Client
from bench.draining import QUIET, Alone, Bare, Say, alone, drain, person_measures, quietly
from bench.latency import summary
from bench.parts import official
from bench.results import Result
from bench.timers import issues
from bench.timers.loading import Models, Names, Sizes, collection, load
from bench.timers.result import kept, of_drain
from bench.timers.storms import DONE, SAMPLE, Drained, bare_loop, check_outcomes, explaining
from services.cli.embedded.services import jurisdiction
from shared.contract.words import Role
from shared.store import Aggregates

SERVICE, FIRST_START = "supervision", ("dispatch", "supervision")
"""The owners of the reference data without which it decides nothing; then it goes on alone."""


def measure(say: Say, sizes: Sizes) -> Result:
    """Load, and move all of it. Fails unless every clock moves once."""
    return asyncio.run(_measure(say, sizes))


async def _measure(say: Say, sizes: Sizes) -> Result:
    models, names = await Models.at(datetime.now(UTC).replace(microsecond=0)), Names.of(sizes)
    moving, people = names.open[: sizes.due], iter(names.people)
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(alone(SERVICE, FIRST_START))
        store = await collection(stack, system.store_urls[SERVICE], SERVICE)
        say(f"{len(moving):,} open issues into a store")
        await load(store, issues.copies(models.open, moving))
        await load(store, issues.copies([models.broken], names.people))
        async with system.run() as child:
            say(f"{QUIET} explanations, one after the other, while nothing is moved")
            quiet = await quietly(explaining(system, child), people)
        found = await _moved(say, system, store, people, models, names)
    measures = [
        *of_drain("a policy that moves running clocks", "promises/s", found),
        *person_measures("an explanation", "during the policy", quiet, found.drain.answers),
    ]
    detail = {
        "promises_moved": found.many,
        "document_bytes": models.bytes(),
        "quiet": summary(quiet),
        "during_the_policy": summary(found.drain.answers),
        "policy": kept(found),
    }
    return Result("policy", measures, detail)


async def _moved(
    say: Say, system: Alone, store: Aggregates, people: Iterator[str], models: Models, names: Names
) -> Drained:
    moving = names.open[: len(names.due)]
    bare, half = Bare(store._collection, partial(issues.like, models.moved)), len(names.bare) // 2
    await bare_loop(bare, store, models.open, names.bare[:half])
    async with system.run() as child:
        act = explaining(system, child)
        say(f"a policy that moves {len(moving):,} promises")
        client = Client(child.url, official(system.data, Role.SUPERVISOR))
        body = {"policy": issues.longer().model_dump(mode="json"), "applies_to_running": True}
        answer = await client.post(f"/policies/{jurisdiction()}/publish", body)
        assert answer.status in DONE, answer.body[:300]
        found = await drain(child, act, people, len(moving), before=1)
    check_outcomes(found)
    for document in (await store.load(moving[:: max(1, len(moving) // SAMPLE)])).values():
        clocks = document["state"]["clocks"]
        told = [entry for clock in clocks for entry in clock["history"] if entry[0] == "policy"]
        assert len(told) == 1, f"{document['_id']} was moved {len(told)} times"
    await bare_loop(bare, store, models.open, names.bare[half:])
    return Drained(found, len(moving), bare)
