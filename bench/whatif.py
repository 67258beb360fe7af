"""How fast a history is read and played once more under another policy, beside a bare ``json.loads`` of its records.

The records are those of the portal's benchmark: the lives of the scripted run, again and again. Reading and playing are
timed together, in one process, deadlines and the comparison included; Kafka is not: the records are in memory. The time
of the processor stands beside the time of the clock: it hardly depends on what else runs.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from statistics import median

from bench.portal.rebuild import issues
from bench.results import Measure, Result
from services.cli.supposing.comparing import Comparison, compare
from services.cli.supposing.log import TOPICS, Log
from services.cli.supposing.rules import Rules
from services.supervision.builtin import builtin_policy
from shared.bus.records import Record
from shared.domain.clocks import Policy

ISSUES, ROUNDS = 2_000, 5
LEAST_EVENTS = 6_000.0
STRICTER = "3wd"


def measure(say: Callable[[str], None]) -> Result:
    """Rounds of each way in turn, the median of each; by the rules in force nothing may differ."""
    records = [record for record in issues(ISSUES, random.Random(9)) if record.topic in TOPICS]
    policies = {
        "the policy in force": builtin_policy(),
        "a stricter one": builtin_policy().with_reply_limit(STRICTER),
    }
    speeds: dict[str, list[float]] = {name: [] for name in (*policies, "bare")}
    found: dict[str, Comparison] = {}
    spent: list[float] = []
    for turn in range(ROUNDS):
        say(f"round {turn + 1} of {ROUNDS}")
        for name, policy in policies.items():
            began = time.process_time()
            seconds, found[name] = _play(records, policy)
            spent.append(time.process_time() - began)
            speeds[name].append(len(records) / seconds)
        speeds["bare"].append(len(records) / _parse(records))
    same, stricter = (found[name] for name in policies)
    differing = [one.subject for one in same.differing]
    assert not differing and not same.moved, f"the rules in force gave another history of {differing[:5]}"
    assert stricter.differing, "a stricter policy gave the same history"
    ours, other, bare = (median(speeds[name]) for name in speeds)
    measures = [
        Measure("read and played, the policy in force", ours, "events/s", LEAST_EVENTS, "at least"),
        Measure(f"read and played, {STRICTER} to reply", other, "events/s", LEAST_EVENTS, "at least"),
        Measure("read and played, CPU", 1000 * median(spent) / len(records), "s per 1,000 events"),
        Measure("json.loads of the same records", bare, "events/s"),
        Measure("ours/bare", ours / bare, "times"),
        Measure("deadlines fired on the way", same.deadlines / same.issues, "per issue"),
    ]
    detail = {
        "in_memory": "Kafka is not read",
        "events": len(records),
        "issues": ISSUES,
        "differing": len(stricter.differing),
        **speeds,
    }
    return Result("whatif", measures, detail)


def _play(records: Sequence[Record], policy: Policy) -> tuple[float, Comparison]:
    """Seconds in which the records are taken in and every issue is compared, and what came of it."""
    started = time.perf_counter()
    log = Log()
    for record in records:
        log.take(record)
    found = compare(log, Rules.supposing(log.reference, policy), log.last)
    return time.perf_counter() - started, found


def _parse(records: Sequence[Record]) -> float:
    """Seconds in which the records are parsed, and nothing else is done."""
    started = time.perf_counter()
    for record in records:
        json.loads(record.value or b"")
    return time.perf_counter() - started
