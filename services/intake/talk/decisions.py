"""Decisions on a talk: announced and moved as the agenda says; sign-ups, names, attendance; opened, held, cancelled."""

from collections.abc import Iterable

from services.intake.credit_codes import CREDIT_CODE_RULE, is_credit_code
from services.intake.talk.life import FOLLOWING, MOVES, NOTHING, State, Talk
from services.intake.talk.telling import wait_until, with_news
from shared.contract.command import Command
from shared.contract.commands.talks import (
    CancelTalk,
    ChangeTalk,
    Described,
    EnterTalk,
    HoldTalk,
    LeadTalk,
    LeaveAgenda,
    MoveTalk,
    NameParticipants,
    OpenTalk,
    RecordAttendance,
    SignUp,
    StayAway,
)
from shared.contract.event import Event
from shared.contract.events.talks import (
    Participant,
    TalkAnnounced,
    TalkAttended,
    TalkCancelled,
    TalkChanged,
    TalkHeld,
    TalkLeader,
    TalkNamed,
    TalkOpened,
    TalkPostponed,
    TalkSignedUp,
)
from shared.contract.subjects import id_of, subject_of
from shared.contract.words import TakesPart, TalkNews
from shared.domain.clocks import SHANGHAI
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event, illegal
from shared.domain.decisions import command as ask
from shared.domain.talks import day_of, rules_of


def enter(talk: Talk | None, command: EnterTalk, context: Context) -> Change[Talk] | Refusal:
    """The agenda has engaged the leaders: the talk is announced."""
    if talk is not None:
        return Refusal(Reason.ALREADY_ANNOUNCED, f"{id_of(context.subject)} was announced")
    said = command.model_dump(exclude={"by"})
    said |= {"on": day_of(command.starts_at), "wait_until": wait_until(command.starts_at, context)}
    announced = Talk(state=State.ANNOUNCED, **said)
    return _moved(announced, command, TalkAnnounced(**said, by=command.by))


def move(talk: Talk | None, command: MoveTalk, context: Context) -> Change[Talk] | Refusal:
    """The agenda has moved it: everybody is told, and every issue has another date to expect."""
    known = _asked(talk, command)
    if isinstance(known, Refusal):
        return known
    until = wait_until(command.starts_at, context)
    times = {"starts_at": command.starts_at, "ends_at": command.ends_at, "wait_until": until}
    happened = TalkPostponed(**times, old_starts_at=known.starts_at, reason=command.reason, by=command.by)
    # Once it was not held in time its issues run, and nothing moves them.
    moved = known.model_copy(update={**times, "moves": known.moves + 1, "lapsed_at": None})
    return _with_news(moved, command, context, TalkNews.EXPECTED, happened)


def lead(talk: Talk | None, command: LeadTalk, context: Context) -> Change[Talk] | Refusal:
    """The agenda has engaged other leaders."""
    known = _asked(talk, command)
    if isinstance(known, Refusal):
        return known
    leaders = tuple(TalkLeader(**dict(one)) for one in command.leaders)
    led = known.model_copy(update={"leaders": leaders})
    return _moved(led, command, _as_it_is(led, command.by, command.reason))


def change(talk: Talk | None, command: ChangeTalk, context: Context) -> Change[Talk] | Refusal:
    """What it is about, where, and who will be there; its issues hear of other departments."""
    known = _asked(talk, command)
    if isinstance(known, Refusal):
        return known
    unknown = [code for code in command.departments if context.directory.department(code) is None]
    if unknown:
        return Refusal(Reason.UNKNOWN_DEPARTMENT, f"departments: {', '.join(map(repr, unknown))}")
    if command.capacity < known.taken:
        return Refusal(Reason.TALK_FULL, f"capacity: {known.taken} places are taken already")
    said = {name: getattr(command, name) for name in Described.model_fields}
    changed = known.model_copy(update=said)
    if changed == known:
        return Change(known, outcome=_stands(known) | {"unchanged": True})
    happened = _as_it_is(changed, context.principal)
    if set(changed.departments) == set(known.departments):
        return _moved(changed, command, happened)
    return _with_news(changed, command, context, TalkNews.EXPECTED, happened)


def sign_up(talk: Talk | None, command: SignUp, context: Context) -> Change[Talk] | Refusal:
    """An entrepreneur signs up, as long as there is a place; once more the same changes nothing. Where one comes by
    invitation alone, who was named says what question they bring."""
    known = _asked(talk, command)
    if isinstance(known, Refusal):
        return known
    enterprise = _enterprise(command.enterprise)
    if isinstance(enterprise, Refusal):
        return enterprise
    person = context.principal
    one = Participant(person=person, enterprise=enterprise, how=TakesPart.SIGNED_UP, issue=command.issue)
    before = _participant(known, person)
    if before is not None and before.how != TakesPart.WRITTEN:
        one = one.model_copy(update={"how": before.how})
        if one == before:
            return Change(known, outcome=_stands(known) | {"unchanged": True})
    elif refusal := _uninvited(known) or _no_place(known, 1):
        return refusal
    signed = _with(known, one)
    happened = TalkSignedUp(person=person, enterprise=enterprise, issue=command.issue, taken=signed.taken)
    return _moved(signed, command, happened)


def stay_away(talk: Talk | None, command: StayAway, context: Context) -> Change[Talk] | Refusal:
    """Who would have come does not: the place is free."""
    known = _asked(talk, command)
    if isinstance(known, Refusal):
        return known
    before = _participant(known, context.principal)
    if before is None:
        return Change(known, outcome=_stands(known) | {"unchanged": True})
    left = tuple(one for one in known.participants if one.person != before.person)
    freed = known.model_copy(update={"participants": left})
    happened = TalkSignedUp(
        person=before.person, enterprise=before.enterprise, withdrawn=True, taken=freed.taken
    )
    return _moved(freed, command, happened)


def name(talk: Talk | None, command: NameParticipants, context: Context) -> Change[Talk] | Refusal:
    """The organiser names who shall come, or has sent a question: all of them, or where places lack none."""
    known = _asked(talk, command)
    if isinstance(known, Refusal):
        return known
    named = []
    for one in command.participants:
        enterprise = _enterprise(one.enterprise)
        if isinstance(enterprise, Refusal):
            return enterprise
        how = TakesPart.WRITTEN if one.written else TakesPart.NAMED
        named.append(Participant(person=one.person, enterprise=enterprise, how=how, issue=one.issue))
    after = known
    for participant in named:
        after = _with(after, participant)
    if refusal := _no_place(known, after.taken - known.taken):
        return refusal
    if after == known:
        return Change(known, outcome=_stands(known) | {"unchanged": True})
    happened = TalkNamed(participants=tuple(named), taken=after.taken, by=context.principal)
    return _moved(after, command, happened)


def open_talk(talk: Talk | None, command: OpenTalk, context: Context) -> Change[Talk] | Refusal:
    """It begins, on its day or later."""
    known = _asked(talk, command)
    if isinstance(known, Refusal):
        return known
    on = day_of(known.starts_at)
    if day_of(context.now) < on:
        return Refusal(Reason.DATE_TOO_EARLY, f"it is announced for {on}: postpone it to another time first")
    opened = known.model_copy(update={"opened_at": context.now})
    return _moved(opened, command, TalkOpened(by=context.principal))


def attend(talk: Talk | None, command: RecordAttendance, context: Context) -> Change[Talk] | Refusal:
    """Who has come is written down; who was not asked joins, for they sit there.

    Of a talk that is over too: the line may have been cut while they spoke, or their record is in a spreadsheet.
    """
    known = _asked(talk, command)
    if isinstance(known, Refusal):
        return known
    after, came = known, list[Participant]()
    for one in command.attendees:
        enterprise = _enterprise(one.enterprise)
        if isinstance(enterprise, Refusal):
            return enterprise
        before = _participant(after, one.person)
        if before is None or before.how == TakesPart.WRITTEN:
            issue = before.issue if before else ""
            before = Participant(person=one.person, enterprise=enterprise, how=TakesPart.NAMED, issue=issue)
            after = _with(after, before)
        if one.person not in after.attended:
            came.append(before)
            after = after.model_copy(update={"attended": (*after.attended, one.person)})
    if not came:
        return Change(known, outcome=_stands(known) | {"unchanged": True})
    return _moved(after, command, TalkAttended(attendees=tuple(came), by=context.principal))


def hold(talk: Talk | None, command: HoldTalk, context: Context) -> Change[Talk] | Refusal:
    """It ends, and this instant is from when the promise of each of its issues runs."""
    known = _asked(talk, command)
    if isinstance(known, Refusal):
        return known
    ended = known.model_copy(update={"ended_at": context.now})
    happened = TalkHeld(attended=known.attended, issues=known.members, by=context.principal)
    return _with_news(ended, command, context, TalkNews.HELD, happened, _leaves(context))


def cancel(talk: Talk | None, command: CancelTalk, context: Context) -> Change[Talk] | Refusal:
    """It is called off: what was collected for it starts now."""
    known = _asked(talk, command)
    if isinstance(known, Refusal):
        return known
    ended = known.model_copy(update={"ended_at": context.now})
    happened = TalkCancelled(reason=command.reason.strip(), issues=known.members, by=context.principal)
    return _with_news(ended, command, context, TalkNews.CANCELLED, happened, _leaves(context))


def _asked(talk: Talk | None, command: Command) -> Talk | Refusal:
    """The talk, where this may be asked now; of one that is over the answer says since when."""
    moves = {**MOVES, **FOLLOWING}
    if talk is None:
        return Refusal(Reason.UNKNOWN_TALK, "no such talk was announced", ())
    if (talk.state, command.verb) in moves:
        return talk
    refusal = illegal(MOVES, talk.state, command.verb)
    if talk.ended_at is None:
        return refusal
    at = talk.ended_at.astimezone(SHANGHAI)
    return Refusal(refusal.reason, f"it was {talk.state} on {at:%Y-%m-%d %H:%M} already", refusal.legal)


def _moved(talk: Talk, command: Command, happened: Event, *more: Message) -> Change[Talk]:
    before = NOTHING if command.verb == "enter" else talk.state
    state = State({**MOVES, **FOLLOWING}[(before, command.verb)])
    after = talk.model_copy(update={"state": state})
    return Change(after, (event(happened), *more), _stands(after))


def _with_news(
    talk: Talk, command: Command, context: Context, what: TalkNews, happened: Event, *more: Message
) -> Change[Talk]:
    """The same, and each of its issues is told."""
    moved = _moved(talk, command, happened, *more)
    after, asked = with_news(moved.state, what, context)
    return Change(after, (*moved.messages, *asked), {**moved.outcome, "issues": len(talk.members)})


def _leaves(context: Context) -> Message:
    return ask(subject_of("agenda", context.jurisdiction), LeaveAgenda(talk=id_of(context.subject)))


def _as_it_is(talk: Talk, by: str, reason: str = "") -> TalkChanged:
    said = {name: getattr(talk, name) for name in (*Described.model_fields, "leaders")}
    return TalkChanged(**said, reason=reason, by=by)


def _stands(talk: Talk) -> dict[str, object]:
    return {"state": talk.state.value, "taken": talk.taken, "capacity": talk.capacity}


def _no_place(talk: Talk, wanted: int) -> Refusal | None:
    left = max(0, talk.capacity - talk.taken)
    if wanted <= left:
        return None
    return Refusal(
        Reason.TALK_FULL, f"{wanted} more would come, and of {talk.capacity} places {left} are left"
    )


def _uninvited(talk: Talk) -> Refusal | None:
    if not rules_of(talk.series).by_invitation:
        return None
    return Refusal(
        Reason.BY_INVITATION, "who organises it names who comes; what you want to say can be raised"
    )


def _participant(talk: Talk, person: str) -> Participant | None:
    return next((one for one in talk.participants if one.person == person), None)


def _with(talk: Talk, participant: Participant) -> Talk:
    """With them in their place on the list, or behind the others; a question that was brought stays."""
    before = _participant(talk, participant.person)
    if before is None:
        return talk.model_copy(update={"participants": (*talk.participants, participant)})
    kept = {
        "enterprise": participant.enterprise or before.enterprise,
        "issue": participant.issue or before.issue,
    }
    mended = participant.model_copy(update=kept)
    return talk.model_copy(update={"participants": tuple(_replaced(talk.participants, before, mended))})


def _replaced(all: Iterable[Participant], old: Participant, new: Participant) -> Iterable[Participant]:
    return (new if one is old else one for one in all)


def _enterprise(code: str) -> str | Refusal:
    typed = code.strip().upper()
    if not typed or is_credit_code(typed):
        return typed
    return Refusal(Reason.WRONG_CREDIT_CODE, f"enterprise: {CREDIT_CODE_RULE}")
