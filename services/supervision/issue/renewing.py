"""A new calendar or policy reaches an issue: its running clocks are counted anew, and the steps of its ladder to come.

The recorded exception to the freezing of terms (clocks.md 8 and 9). What was stopped or breached by then stays, and
what has fired does not fire again.
"""

from collections.abc import Iterator

from services.supervision.issue import documents
from services.supervision.issue.clocks import DUE, Messages, running, with_dates
from services.supervision.issue.decisions import UNKNOWN
from services.supervision.issue.ladder import renewed as renewed_climb
from services.supervision.issue.life import Clock, Issue
from shared.contract.commands.supervision import RecalculateClocks
from shared.contract.events.supervision import ClockRecalculated, DueRecalculated
from shared.contract.words import ClockName
from shared.domain.clocks import Due
from shared.domain.decisions import Change, Context, Message, Refusal, command, event
from shared.domain.reference import Reference, Renewal
from shared.domain.renewing import moved


def recalculate(issue: Issue | None, asked: RecalculateClocks, context: Context) -> Change[Issue] | Refusal:
    """Count anew what this version moves; raises NotPublished for one that is not known here yet.

    Before the version is in force, and where nothing moves, it changes nothing.
    """
    if issue is None:
        return UNKNOWN
    renewal = Renewal(asked.because, asked.version, asked.at, asked.by)
    if context.now < renewal.at:
        return Change(issue, outcome={"moved": 0})
    after, moves = renewed(issue, renewal, context.reference)
    after, more = documents.follow(after, moves, context)
    passed_on = tuple(_for_dispatch(after, moves, renewal))
    change = Change(after, (*moves, *more, *passed_on), {"moved": len(moves)})
    return with_renewals(change, context) if after != issue else change


def renewed(issue: Issue, renewal: Renewal, reference: Reference) -> tuple[Issue, Messages]:
    """The issue under a version that reaches running clocks, and one event for each clock whose date moves by it.

    The same issue where nothing moves; raises NotPublished.
    """
    clocks: list[Clock] = []
    moves: list[ClockRecalculated] = []
    for clock in issue.clocks:
        after = _moved(clock, renewal, reference)
        clocks.append(clock if after is None else after[0])
        moves += [] if after is None else [after[1]]
    climbs = tuple(renewed_climb(issue, climb, renewal, reference) for climb in issue.climbs)
    if not moves and climbs == issue.climbs:
        return issue, ()
    whole = issue.model_copy(update={"clocks": tuple(clocks), "climbs": climbs})
    return whole, tuple(event(one) for one in moves)


def _for_dispatch(issue: Issue, moves: Messages, renewal: Renewal) -> Iterator[Message]:
    """What dispatch must know of it: one message at most, for a walk moves very many issues (decision 0051), and one
    for each co-handler whose opinion is due on another day (0055).

    Of a promise the version, also where the date only became certain: what is granted later is counted by it.
    """
    recalculated = [move.body for move in moves if isinstance(move.body, ClockRecalculated)]
    promises = [one for one in recalculated if one.clock == ClockName.PROMISE]
    held = [
        one
        for one in recalculated
        if one.clock == ClockName.HOLDING
        and one.assignment == issue.assignment
        and one.due_at != one.old_due_at
    ]
    asked = [
        one for one in recalculated if one.clock == ClockName.CO_HANDLER and one.due_at != one.old_due_at
    ]
    for one in (*(promises or held)[:1], *asked):
        about = one.model_dump(include=set(DueRecalculated.model_fields))
        yield event(DueRecalculated(**about, version=renewal.version, in_force_from=renewal.at))


def is_moved_by(issue: Issue, renewal: Renewal, reference: Reference) -> bool:
    """Whether a version moves anything of this issue; raises NotPublished."""
    return renewed(issue, renewal, reference)[0] != issue


def with_renewals(change: Change[Issue], context: Context) -> Change[Issue]:
    """The change, and a command to ourselves for each version that its clocks have to follow and have not.

    Whoever walks over the issues may have come by before: what began late by an older version is caught up so.
    """
    asked = tuple(_asked(change.state, context))
    return Change(change.state, (*change.messages, *asked), change.outcome) if asked else change


def _asked(issue: Issue, context: Context) -> Iterator[Message]:
    for renewal in context.reference.renewals:
        if is_moved_by(issue, renewal, context.reference):
            yield command(context.subject, request_of(renewal))


def request_of(renewal: Renewal) -> RecalculateClocks:
    """The command that lets a version reach an issue."""
    return RecalculateClocks.model_validate(renewal._asdict())


def _moved(clock: Clock, renewal: Renewal, reference: Reference) -> tuple[Clock, ClockRecalculated] | None:
    """The clock counted by this version, and the event; None where its date stays and is as certain as before."""
    if clock.stopped_at is not None or DUE in clock.fired:
        return None
    reading = moved(running(clock), clock.due_at, renewal, reference)
    if reading is None:
        return None
    after = clock.model_copy(
        update={
            "history": (*clock.history, (str(renewal.because), renewal.at, renewal.version)),
            "began_by": clock.began_by or (clock.policy, clock.calendar),
            str(renewal.because): renewal.version,
            "generation": clock.generation + 1,
        }
    )
    return with_dates(after, reading, reading.due_at), ClockRecalculated(
        clock=clock.name,
        round=clock.round,
        assignment=clock.assignment,
        department=clock.department,
        old_due_at=clock.due_at,
        due_at=reading.due_at,
        provisional_because=Due(reading.due_at, reading.provisional).because,
        because=renewal.because,
        by=renewal.by,
        policy=after.policy,
        calendar=after.calendar,
    )
