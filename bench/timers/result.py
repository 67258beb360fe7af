"""What was measured of a million open deadlines, beside its goals."""

from bench.draining import LEAST_OF_BARE, person_measures
from bench.latency import summary
from bench.results import Measure, Result
from bench.timers.beside import Beside
from bench.timers.loading import Models, Sizes
from bench.timers.polls import Turns
from bench.timers.storms import Drained, Storms

MOST_TIMES_SMALL, MOST_START_SECONDS = 1.5, 10.0
WRITES_A_BREACH = 2
"""The breach, and the number of its reminder (docs/decisions/0055-what-was-written-last.md)."""
SIDES = {
    "idle_ms": "an idle turn",
    "add_ms": "adding a deadline, ours with its document",
    "cancel_ms": "cancelling one, ours with its document",
    "fire_ms": "firing one",
    "fire_and_write_ms": "firing one, ours with its document",
}


def result(sizes: Sizes, turns: list[Turns], sides: Beside | None, found: Storms, models: Models) -> Result:
    """Every part's measures, in the order in which they were taken."""
    due = found.due
    measures = [
        *_of_turns(sizes, turns),
        *(_of_sides(sizes, sides) if sides else ()),
        Measure("from the start to the first firing", round(found.first, 2), "s", MOST_START_SECONDS),
        *of_drain("warnings due in one second", "warnings/s", found.warned),
        *person_measures("an explanation", "during the warnings", found.quiet, found.warned.drain.answers)[
            2:
        ],
        *of_drain("breaches due in one second", "breaches/s", due, writes=WRITES_A_BREACH),
        *person_measures("an explanation", "during the breaches", found.quiet, due.drain.answers),
    ]
    detail = {
        "open": sizes.open,
        "due_in_one_second": due.many,
        "open_beside": sizes.small,
        "slices_of": max(turns[0].sizes),
        "turns_with_a_full_slice": len(turns[0].sizes),
        "document_bytes": models.bytes(),
        "quiet": summary(found.quiet),
        "during_the_warnings": summary(found.warned.drain.answers),
        "during_the_breaches": summary(due.drain.answers),
        "warnings": kept(found.warned),
        "breaches": kept(due),
        "ready_seconds": round(found.ready, 2),
        "beside": sides._asdict() if sides else None,
    }
    return Result("timers", measures, detail)


def _of_turns(sizes: Sizes, turns: list[Turns]) -> list[Measure]:
    small, large = turns
    rows = (("an idle turn", small.idle_ms, large.idle_ms), ("a full slice", small.slice_ms, large.slice_ms))
    return [
        measure
        for what, few, many in rows
        for measure in (
            Measure(f"{what}, {sizes.small:,} open", round(few, 2), "ms"),
            Measure(f"{what}, {sizes.open:,} open", round(many, 2), "ms"),
            Measure(f"{what}, times", round(many / few, 3), "times", MOST_TIMES_SMALL),
        )
    ]


def _of_sides(sizes: Sizes, sides: Beside) -> list[Measure]:
    return [
        Measure(
            f"{what} at {sizes.small:,}, APScheduler/ours",
            round(sides.theirs[key] / sides.ours[key], 2),
            "times",
        )
        for key, what in SIDES.items()
    ]


def of_drain(what: str, unit: str, drained: Drained, writes: int = 1) -> list[Measure]:
    """How fast it was, beside the bare loop. ``writes``: how often each document is replaced; the goal compares as many
    of ours with as many bare ones."""
    share = drained.share
    goal = f"{what}, times bare" if writes == 1 else f"{what}, {writes} writes each, times bare"
    return [
        Measure(what, round(drained.speed), unit),
        Measure(f"{what}, bare find and replace", round(drained.bare.speed), "documents/s"),
        *([Measure(f"{what}, times bare", round(share, 3), "times")] if writes > 1 else ()),
        Measure(goal, round(writes * share, 3), "times", LEAST_OF_BARE, "at least"),
    ]


def kept(drained: Drained) -> dict[str, object]:
    """What the record says beside its measures."""
    return {
        "counters": drained.drain.counters,
        "seconds": round(drained.drain.seconds, 2),
        "first_seconds": round(drained.drain.first, 2),
        "bare_seconds": round(drained.bare.seconds, 2),
    }
