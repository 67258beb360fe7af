"""What is not all right now, in sentences, the worst first; each leads to the page on which something can be done."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from services.portal.desks.operator.asking import SHOWN, Standing
from services.portal.languages import N_
from services.portal.pages import Page
from services.portal.projection.projection import Standing as Shown
from services.portal.queries import projected
from services.portal.words import phrase

LATE_SECONDS, WATERMARK_SECONDS, MANY_RECORDS = 60.0, 120.0, 1_000
"""From where on docs/metrics.md asks an operator to look."""
PARTS = {
    "partitions": N_("it has no share of the topics yet"),
    "committed offsets": N_("how far it had read cannot be asked"),
    "poll": N_("it has not read for a minute"),
    "poll of the departments' topics": N_("it has not read the departments' topics for a minute"),
    "broker": N_("the broker does not answer"),
    "store": N_("its store does not answer"),
}
"""What a service says is missing -> a phrase."""
REFERENCE = "reference: "


class Trouble(NamedTuple):
    """One thing that is not as it should be: whose, what, and where something is done about it."""

    who: str
    what: str
    address: str = ""
    help: str = ""
    """What to look at, where no page here does anything about it."""


def troubles(page: Page, services: Sequence[Standing], shown: Shown) -> list[Trouble]:
    """All of them: who is away, then what waits for an operator, then what is late."""
    found = [*_away(page, services), *_waiting(page, services), *_late(page, services)]
    return [*found, *_of_the_portal(page, shown)]


def named(page: Page, service: str) -> str:
    """A service in the words of people."""
    return page.say(phrase("service", service))


def part(page: Page, missing: str) -> str:
    """What a service says is missing, in words."""
    if missing.startswith(REFERENCE):
        return page.say("%(name)s was not published yet") % {"name": missing.removeprefix(REFERENCE)}
    return page.say(PARTS[missing]) if missing in PARTS else missing


def _away(page: Page, services: Sequence[Standing]) -> Iterator[Trouble]:
    for one in services:
        if one.is_away:
            what = page.say("does not answer. What people ask of it waits; everything else goes on.")
            yield Trouble(named(page, one.name), what, help=_look(page, one.name))
        elif not one.is_ready:
            parts = page.say("; ").join(part(page, missing) for missing in one.missing or ())
            what = page.say("is not ready: %(parts)s") % {"parts": parts}
            yield Trouble(named(page, one.name), what, help=_look(page, one.name))


def _look(page: Page, service: str) -> str:
    said = page.say("qinqing status says which part does not run, logs/%(name)s.log says why")
    return said % {"name": service}


def _waiting(page: Page, services: Sequence[Standing]) -> Iterator[Trouble]:
    for one in services:
        if one.dead_letters:
            count = page.say("at least %(count)d") if one.dead_letters >= SHOWN else "%(count)d"
            what = page.say("records that could not be used: %(count)s")
            said = what % {"count": count % {"count": one.dead_letters}}
            yield Trouble(named(page, one.name), said, f"/operator/dead-letters?service={one.name}")
        if (measures := one.measures) is None:
            continue
        if measures.held and measures.held_age > LATE_SECONDS:
            what = page.say("events that wait for one that has not come: %(count)d, the oldest for %(time)s")
            said = what % {"count": measures.held, "time": lasting(page, measures.held_age)}
            yield Trouble(named(page, one.name), said, "/operator/held")


def _late(page: Page, services: Sequence[Standing]) -> Iterator[Trouble]:
    help = page.say("Nothing is lost, only late. Is it behind, does something wait, is the broker away?")
    for one in services:
        if (measures := one.measures) is None:
            continue
        for is_so, said in (
            (measures.overdue > 0, page.say("deadlines that should have fired: %(count)d")),
            (measures.heartbeat > LATE_SECONDS, page.say("its timers have stood still for %(time)s")),
            (
                (measures.watermark_age or 0.0) > WATERMARK_SECONDS,
                page.say("deadlines wait for topics that were last read whole %(watermark)s ago"),
            ),
            (measures.behind > MANY_RECORDS, page.say("is %(behind)d records behind")),
        ):
            if is_so:
                values = {
                    "count": measures.overdue,
                    "time": lasting(page, measures.heartbeat),
                    "watermark": lasting(page, measures.watermark_age or 0.0),
                    "behind": measures.behind,
                }
                yield Trouble(named(page, one.name), said % values, help=help)


def _of_the_portal(page: Page, shown: Shown) -> Iterator[Trouble]:
    portal, address = page.say("What pages show"), "/operator/projection"
    if shown.older:
        yield Trouble(portal, page.say("is of an older version: a new one is being built"), address)
    elif shown.complete_at is None:
        yield Trouble(portal, page.say("is not complete yet"), address)
    elif (age := (page.now - shown.complete_at).total_seconds()) > LATE_SECONDS:
        said = page.say("is %(time)s old: the broker is away, or there is too much to read")
        yield Trouble(portal, said % {"time": lasting(page, age)}, address)
    if count := projected.held(page.reads):
        said = page.say("misses events behind which others wait: %(count)d wait")
        yield Trouble(portal, said % {"count": count}, "/operator/held")


def lasting(page: Page, seconds: float) -> str:
    """How long something lasts, in the largest unit of which there are two."""
    for size, said in (
        (86_400, page.say("%(count)d days")),
        (3_600, page.say("%(count)d hours")),
        (60, page.say("%(count)d minutes")),
    ):
        if seconds >= 2 * size:
            return said % {"count": int(seconds // size)}
    return page.say("%(count)d seconds") % {"count": int(seconds)}
