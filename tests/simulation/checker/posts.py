"""Timers post seldom: each deadline once it is due, again only with a growing pause, and one that fails fails once."""

from collections import defaultdict
from collections.abc import Iterator

from shared.contract.command import FireDeadline
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.failed import Commands
from tests.simulation.checker.history import Evidence, Opened, instant

MOST_POSTS = 25
"""Of one deadline at once, and again for every day that it waits: the auditor doubles its pause. An auditor that posts
each minute reaches this within the hour."""
OF_A_NEW_OWNER = 3
"""It cannot know what the one before it has posted, and begins with short pauses."""


def check_posts(evidence: Evidence) -> Iterator[Violation]:
    """What the timers wrote on their service's topic, by the deadline that each command names."""
    posts: dict[tuple[str, str, str], list[Opened]] = defaultdict(list)
    for opened in evidence.opened:
        event = opened.event
        if event is not None and event["type"] == FireDeadline.type:
            service = opened.record.topic.partition(".")[0]
            posts[service, event["subject"], event["id"]].append(opened)
    commands = Commands(evidence)
    for (service, subject, id), found in posts.items():
        first = found[0].event or {}
        times = [opened.record.timestamp for opened in found]
        days = (max(times) - min(times)) / 86_400_000
        owners = sum(min(times) <= at <= max(times) for at in evidence.history.rebalanced_ms.get(service, ()))
        if len(found) > MOST_POSTS * (1 + days) + OF_A_NEW_OWNER * owners:
            yield Clause.POSTED_SELDOM(
                f"{subject}: {service} was asked {len(found)} times within {days:.2f} days to fire {id}"
            )
        due_ms = instant(first["data"]["due_at"]).timestamp() * 1000
        if (early := min(times)) < due_ms - evidence.history.skew_ms:
            yield Clause.POSTED_DUE(f"{subject}: {service} was asked at {early} ms to fire {id}")
        name = (service, subject, id)
        if commands.failures[name] > 1 + commands.handed_in[name]:
            count = commands.failures[name]
            yield Clause.ONE_DEAD_LETTER(
                f"{subject}: {service} made {count} dead letters of one deadline, {id}"
            )
