"""The ladder of an issue: what takes it up, what it comes down by, and what happens if nobody acts.

Which steps stand follows from the climbs alone, each of which has its instants and its end; so it does not matter in
which order events arrive. What changed from one state to the next is told: raised, ended, lifted.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.supervision.issue.clocks import DUE, GRANTED, going_on, is_paused, text
from services.supervision.issue.life import ENDS, Climb, Clock, Issue, owed_by
from shared.contract.event import Event
from shared.contract.events.dispatch import ExtensionAsked, ReplyReleased
from shared.contract.events.feedback import ReworkAsked, ReworkRefused
from shared.contract.events.supervision import LadderEnded, LadderLifted, LadderRaised
from shared.contract.words import ClockName, LadderCause, LiftCause
from shared.domain.clocks import Fact, Paused, Resumed
from shared.domain.decisions import Context, Message, event
from shared.domain.ladder import Rise, preview, rises
from shared.domain.reference import Reference, Renewal
from shared.domain.renewing import Terms, as_renewed, recounted, without_renewals
from shared.domain.steps import CLIMBS, NAMES, RED, WARNED

Messages = tuple[Message, ...]

CLIMBS_AT_ONCE: tuple[type[Event], ...] = (ReworkAsked, ExtensionAsked)
"""What may take an issue up without any breach: the second dissatisfied round, the third extension that is asked."""

MOST_EXTENSIONS_ASKED = 2
"""How many extensions of one issue may be asked for before it goes up to red (clocks.md, The ladder, step 4)."""


def follow(
    before: Issue, issue: Issue, context: Context, happened: Event | None = None
) -> tuple[Issue, Messages]:
    """The issue with its ladder, once its clocks and its state have moved, and what is to be told of that."""
    climbs = [*_followed(issue, happened, context), *_begun(issue, happened, context)]
    after, lamp, messages = _caught_up(
        issue.model_copy(update={"climbs": tuple(climbs)}), before.lamp, context
    )
    if after.lamp > lamp:
        # An appeal brought back what the rejection had ended.
        standing = [climb for climb in after.climbs if after.stands(climb)]
        highest = max(standing, key=lambda climb: climb.reached)
        messages.append(_raised(after, highest, after.lamp, context, LadderCause.APPEALED))
    elif after.lamp < lamp:
        because = LiftCause.ANNULLED if after.ended_at is None else LiftCause.ENDED
        messages.append(event(LadderLifted(step=lamp, to=after.lamp, because=because)))
    if after.lamp and any(steps_ahead(before)) and not any(steps_ahead(after)):
        messages.append(event(LadderEnded(step=after.lamp, ended_at=context.now)))
    return after, tuple(messages)


def rise(issue: Issue, place: int, step: int, context: Context) -> tuple[Issue, Messages]:
    """One climb reaches its next step; told where the issue stood lower."""
    after = _reaching(issue, place, step)
    higher = after.lamp > issue.lamp
    return after, (_raised(after, after.climbs[place], step, context),) if higher else ()


def steps_ahead(issue: Issue) -> Iterator[tuple[int, int, str]]:
    """Each step that time will bring, if nobody acts: (place of its climb, step, instant as text)."""
    if issue.ended_at is not None:
        return
    for place, climb in enumerate(issue.climbs):
        if climb.ended_at is None and issue.stands(climb):
            yield from ((place, step, at) for step, at in climb.to_come)


def coming(issue: Issue, reference: Reference) -> tuple[Rise, ...]:
    """What happens to this issue if nobody acts: each warning and further step with its instant, in order.

    A pause that ends by itself has ended then; while another one lasts, nothing comes of what it holds.
    """
    if issue.ended_at is not None:
        return ()
    clocks = [going_on(clock, reference) for clock in issue.clocks]
    found: list[tuple[Rise, ...]] = [
        (_foreseen(step, at, issue.climbs[place].calendar, reference),)
        for place, step, at in steps_ahead(issue)
    ]
    warnings = [
        _foreseen(0, at, clock.calendar, reference)
        for clock in clocks
        if clock.name in WARNED and not clock.breached
        for name, at in clock.pending
        if name != DUE
    ]
    running = [clock for clock in clocks if clock.name in CLIMBS and DUE in dict(clock.pending)]
    for clock in running:
        terms = Terms(clock.policy, clock.calendar)
        found.append(as_renewed(_rises(clock, reference), terms, reference, pauses=_pauses(clock)))
    return preview(issue.lamp, found, warnings)


def held_up(issue: Issue) -> Clock | None:
    """The promise that brings nothing while its pause lasts; None where it is in none, or was broken before."""
    for clock in reversed(issue.clocks):
        if clock.name is ClockName.PROMISE and clock.stopped_at is None:
            return clock if is_paused(clock) and not clock.breached else None
    return None


def _foreseen(step: int, at: str, calendar: str, reference: Reference) -> Rise:
    instant = datetime.fromisoformat(at)
    return Rise(step, instant, not reference.calendars.named(calendar).is_published(instant.date()))


def _followed(issue: Issue, happened: Event | None, context: Context) -> Iterator[Climb]:
    """The climbs as their clocks stand by now, or as this event leaves those that have none.

    A breach that was annulled never was. What was reached after an end that is known only now was not reached.
    """
    for climb in issue.climbs:
        values: dict[str, object] = {}
        if climb.clock is not None:
            clock = next(clock for clock in reversed(issue.clocks) if climb.is_of(clock))
            if not clock.breached:
                continue
            values["ended_at"] = clock.stopped_at
            if clock.generation != climb.generation:
                steps = _counted_again(climb, clock, context.reference)
                values |= {"generation": clock.generation, "steps": steps, "began_at": clock.due_at}
        elif happened is not None and _ends(happened, climb):
            values["ended_at"] = min(climb.ended_at or context.now, context.now)
        followed = climb.model_copy(update=values)
        reached = max(
            (step for step, at in followed.steps if step <= climb.reached and followed.came(at)), default=0
        )
        yield followed.model_copy(update={"reached": reached})


def _ends(happened: Event, climb: Climb) -> bool:
    """Whether this event ends a climb that no breach began: the next reply, no further round, or the issue's end."""
    match happened:
        case ReplyReleased():
            dissatisfied = climb.because is LadderCause.DISSATISFIED_AGAIN
            return happened.round > climb.round if dissatisfied else happened.round >= climb.round
        case ReworkRefused():
            return happened.round == climb.round
    return isinstance(happened, ENDS)


def _begun(issue: Issue, happened: Event | None, context: Context) -> Iterator[Climb]:
    """What begins to climb: a breach that did not yet, and a round that dissatisfied after the first one."""
    for clock in issue.clocks:
        if clock.name in CLIMBS and clock.breached and not any(climb.is_of(clock) for climb in issue.climbs):
            yield Climb(
                because=LadderCause.BREACH,
                clock=clock.name,
                round=clock.round,
                assignment=clock.assignment,
                department=owed_by(clock.name, clock.department, issue),
                generation=clock.generation,
                policy=clock.policy,
                calendar=clock.calendar,
                grace_seconds=clock.grace_seconds,
                began_at=clock.due_at,
                ended_at=clock.stopped_at,
                steps=_texts(_rises(clock, context.reference)),
            )
    if _is_over(issue, context.now):
        return
    if isinstance(happened, ReworkAsked) and _dissatisfied_before(issue, happened.round):
        yield _at_red(issue, LadderCause.DISSATISFIED_AGAIN, happened.round, 1, context)
    if isinstance(happened, ExtensionAsked) and happened.request > MOST_EXTENSIONS_ASKED:
        yield _at_red(issue, LadderCause.EXTENSIONS, happened.round, happened.request, context)


def _dissatisfied_before(issue: Issue, round: int) -> bool:
    """Whether a new round was asked for before: a round that a look-back began dissatisfied nobody yet."""
    return any(clock.name is ClockName.REWORK_DECISION and clock.round < round for clock in issue.clocks)


def _at_red(issue: Issue, because: LadderCause, round: int, generation: int, context: Context) -> Climb:
    """What no breach begins: the red light at once, and from it the steps that are higher."""
    policy, calendar = context.policy, context.calendar
    return Climb(
        because=because,
        round=round,
        department=issue.department,
        generation=generation,
        policy=policy.version,
        calendar=calendar.version,
        grace_seconds=policy.grace_seconds,
        began_at=context.now,
        ended_at=issue.ended_at,
        steps=_texts(rises(context.now, policy, calendar, first=RED)),
    )


def _is_over(issue: Issue, at: datetime) -> bool:
    return issue.ended_at is not None and at >= issue.ended_at


def _caught_up(issue: Issue, lamp: int, context: Context) -> tuple[Issue, int, list[Message]]:
    """Reach what was due before an end that is known by now, in order, and the step that each climb begins with.

    So a standstill changes no record; what has ended by then is raised no more. Returns the step at which it stood.
    """
    passed = sorted(
        (at, place, step)
        for place, climb in enumerate(issue.climbs)
        if not issue.is_lifted(climb)
        for step, at in climb.to_come
        if climb.ended_at is not None or step == climb.steps[0][0]
    )
    messages: list[Message] = []
    for at, place, step in passed:
        issue = _reaching(issue, place, step)
        climb = issue.climbs[place]
        if step > lamp and issue.stands(climb) and not _is_over(issue, datetime.fromisoformat(at)):
            messages.append(_raised(issue, climb, step, context))
            lamp = step
    return issue, lamp, messages


def _reaching(issue: Issue, place: int, step: int) -> Issue:
    climbs = list(issue.climbs)
    climbs[place] = climbs[place].model_copy(update={"reached": step})
    return issue.model_copy(update={"climbs": tuple(climbs)})


def _raised(
    issue: Issue, climb: Climb, step: int, context: Context, because: LadderCause | None = None
) -> Message:
    at = datetime.fromisoformat(dict(climb.steps)[step])
    began = step == climb.steps[0][0]
    late = context.now - at - timedelta(seconds=climb.grace_seconds)
    return event(
        LadderRaised(
            step=step,
            called=NAMES[step - 1],
            because=because or (climb.because if began else LadderCause.NO_ANSWER),
            clock=climb.clock or "",
            round=climb.round,
            assignment=climb.assignment,
            department=owed_by(climb.clock, climb.department, issue),
            due_at=at,
            late_seconds=max(0.0, late.total_seconds()),
            policy=climb.policy,
            calendar=climb.calendar,
        )
    )


def explained(issue: Issue, place: int, at: datetime, reference: Reference) -> Issue:
    """The issue once the breach behind this climb was explained; may raise NotPublished."""
    climb = issue.climbs[place]
    clock = next(clock for clock in reversed(issue.clocks) if climb.is_of(clock))
    values = {
        "explained_at": at,
        "steps": _texts(_rises(clock, reference, at, Terms(climb.policy, climb.calendar))),
    }
    climbs = (*issue.climbs[:place], climb.model_copy(update=values), *issue.climbs[place + 1 :])
    return issue.model_copy(update={"climbs": climbs})


def renewed(issue: Issue, climb: Climb, renewal: Renewal, reference: Reference) -> Climb:
    """The climb with the steps to come counted by a version that replaces its own; the same where none of them moves.

    A step from before that version came into force stays, reached or not.
    """
    terms = Terms(climb.policy, climb.calendar).renewed(renewal, reference)
    if terms is None or issue.ended_at is not None or climb.ended_at is not None or not issue.stands(climb):
        return climb
    found = [Rise(step, datetime.fromisoformat(at)) for step, at in climb.steps]
    kept = sum(rise.step <= climb.reached or rise.at < renewal.at for rise in found)
    if not 0 < kept < len(found):
        return climb
    pauses = next((_pauses(clock) for clock in reversed(issue.clocks) if climb.is_of(clock)), [])
    steps = recounted(found, kept, terms, reference, explained_at=climb.explained_at, pauses=pauses)
    if (texts := _texts(steps)) == climb.steps:
        return climb
    return climb.model_copy(
        update={**terms._asdict(), "steps": texts, "recalculated": climb.recalculated + 1}
    )


def _counted_again(climb: Climb, clock: Clock, reference: Reference) -> tuple[tuple[int, str], ...]:
    """The steps of a climb whose clock has moved since; may raise NotPublished.

    Of one that was recalculated, what stood before its last rejection stays as it was counted then.
    """
    terms, pauses = Terms(climb.policy, climb.calendar), _pauses(clock)
    if not climb.recalculated or clock.due_at != climb.began_at:
        return _texts(_rises(clock, reference, climb.explained_at, terms))
    found = [Rise(step, datetime.fromisoformat(at)) for step, at in climb.steps]
    since = max((each.at for each in pauses if isinstance(each, Paused)), default=found[-1].at)
    kept = sum(rise.step <= climb.reached or rise.at <= since for rise in found)
    return _texts(recounted(found, kept, terms, reference, explained_at=climb.explained_at, pauses=pauses))


def _pauses(clock: Clock) -> list[Fact]:
    """When its issue was rejected, until somebody appealed.

    A pause that is granted after a breach undoes nothing, and puts nothing off that follows from it.
    """
    rejections = [entry for entry in clock.history if entry[2] != GRANTED]
    return [each for each in without_renewals(rejections) if isinstance(each, Paused | Resumed)]


def _rises(
    clock: Clock,
    reference: Reference,
    explained_at: datetime | None = None,
    terms: Terms | None = None,
) -> tuple[Rise, ...]:
    """The steps that a breach of this clock brings, by its own policy and calendar or those of its climb; may raise
    NotPublished."""
    named_policy, named_calendar = terms or (clock.policy, clock.calendar)
    policy, calendar = reference.policies.named(named_policy), reference.calendars.named(named_calendar)
    last, pauses = CLIMBS[clock.name], _pauses(clock)
    return rises(clock.due_at, policy, calendar, last=last, explained_at=explained_at, pauses=pauses)


def _texts(found: tuple[Rise, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((rise.step, text(rise.at)) for rise in found)
