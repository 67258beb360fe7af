"""Decisions of the agenda: announce, postpone, appoint leaders. It alone knows when a leader is engaged, so nobody is
at two talks at once, however many people announce at the same time. The talk itself is told by a command.
"""

from collections.abc import Iterable
from datetime import datetime

from services.intake.agenda.life import Agenda, Entry
from shared.contract.commands.talks import (
    AnnounceTalk,
    AppointLeaders,
    Between,
    Described,
    EnterTalk,
    Leader,
    LeadTalk,
    LeaveAgenda,
    MoveTalk,
    PostponeTalk,
)
from shared.contract.subjects import subject_of
from shared.domain.clocks import SHANGHAI
from shared.domain.decisions import Change, Context, Reason, Refusal
from shared.domain.decisions import command as ask
from shared.domain.talks import day_of, rules_of, talk_id


def announce(agenda: Agenda | None, command: AnnounceTalk, context: Context) -> Change[Agenda] | Refusal:
    """Engage the leaders, and let the talk begin its life."""
    known, on = _kept(agenda, context), day_of(command.starts_at)
    jurisdiction = command.jurisdiction or context.jurisdiction
    talk = talk_id(jurisdiction, command.series, on, command.number)
    if any(one.talk == talk for one in known):
        return Refusal(Reason.ALREADY_ANNOUNCED, f"{talk} was announced: give another one another number")
    if refusal := (
        _too_early(command.starts_at, context)
        or _unknown_department(command.departments, context)
        or _leaderless(command.leaders, asked=rules_of(command.series).asks_leader)
        or _engaged(known, talk, command.starts_at, command.ends_at, command.leaders)
    ):
        return refusal
    entry = Entry(
        talk=talk,
        on=on,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        leaders=_accounts(command.leaders),
    )
    said = {name: getattr(command, name) for name in (*Described.model_fields, *Between.model_fields)}
    enters = EnterTalk(
        **said,
        series=command.series,
        number=command.number,
        level=command.level,
        jurisdiction=jurisdiction,
        organiser=command.organiser,
        leaders=command.leaders,
        by=context.principal,
    )
    after = Agenda(entries=(*known, entry))
    return Change(after, (ask(subject_of("talk", talk), enters),), {"talk": talk})


def postpone(agenda: Agenda | None, command: PostponeTalk, context: Context) -> Change[Agenda] | Refusal:
    """Engage the same leaders for another time."""
    entry = _to_come(agenda, command.talk)
    if isinstance(entry, Refusal):
        return entry
    known = _kept(agenda, context)
    if refusal := (
        _too_early(command.starts_at, context)
        or _engaged(known, command.talk, command.starts_at, command.ends_at, (), entry.leaders)
    ):
        return refusal
    moved = entry.model_copy(update={"starts_at": command.starts_at, "ends_at": command.ends_at})
    moves = MoveTalk(
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        reason=command.reason.strip(),
        by=context.principal,
    )
    return _changed(known, moved, moves)


def appoint(agenda: Agenda | None, command: AppointLeaders, context: Context) -> Change[Agenda] | Refusal:
    """Engage other leaders for the same time."""
    entry = _to_come(agenda, command.talk)
    if isinstance(entry, Refusal):
        return entry
    known = _kept(agenda, context)
    if refusal := (
        # A talk that was announced without any asks none.
        _leaderless(command.leaders, asked=bool(entry.leaders))
        or _engaged(known, command.talk, entry.starts_at, entry.ends_at, command.leaders)
    ):
        return refusal
    led = entry.model_copy(update={"leaders": _accounts(command.leaders)})
    leads = LeadTalk(leaders=command.leaders, reason=command.reason.strip(), by=context.principal)
    return _changed(known, led, leads)


def leave(agenda: Agenda | None, command: LeaveAgenda, context: Context) -> Change[Agenda]:
    """A talk is over; its leaders are free, its id is kept until its day is past."""
    entries = tuple(
        one.model_copy(update={"over": True}) if one.talk == command.talk else one
        for one in (agenda or Agenda()).entries
    )
    return Change(Agenda(entries=_past_removed(entries, context)))


def _kept(agenda: Agenda | None, context: Context) -> tuple[Entry, ...]:
    return _past_removed((agenda or Agenda()).entries, context)


def _past_removed(entries: Iterable[Entry], context: Context) -> tuple[Entry, ...]:
    """Without what is over and of a day for which nobody can announce any more: the list does not grow for ever."""
    today = day_of(context.now)
    return tuple(one for one in entries if not (one.over and one.on < today))


def _to_come(agenda: Agenda | None, talk: str) -> Entry | Refusal:
    found = next((one for one in (agenda or Agenda()).entries if one.talk == talk), None)
    if found is None or found.over:
        return Refusal(Reason.UNKNOWN_TALK, f"talk: {talk} is none of the talks to come")
    return found


def _changed(known: Iterable[Entry], entry: Entry, tells: MoveTalk | LeadTalk) -> Change[Agenda]:
    entries = tuple(entry if one.talk == entry.talk else one for one in known)
    return Change(
        Agenda(entries=entries), (ask(subject_of("talk", entry.talk), tells),), {"talk": entry.talk}
    )


def _too_early(starts_at: datetime, context: Context) -> Refusal | None:
    if (on := day_of(starts_at)) >= day_of(context.now):
        return None
    return Refusal(Reason.DATE_PAST, f"starts_at: {on} is past; a talk is announced for today or later")


def _unknown_department(codes: Iterable[str], context: Context) -> Refusal | None:
    unknown = ", ".join(repr(code) for code in codes if context.directory.department(code) is None)
    return Refusal(Reason.UNKNOWN_DEPARTMENT, f"departments: {unknown}") if unknown else None


def _leaderless(leaders: tuple[Leader, ...], *, asked: bool) -> Refusal | None:
    accounts = _accounts(leaders)
    if not accounts and asked:
        return Refusal(Reason.LEADER_MISSING, "leaders: only a service day asks none")
    if len(set(accounts)) < len(accounts):
        return Refusal(Reason.MALFORMED, "leaders: one of them stands there twice")
    return None


def _engaged(
    known: Iterable[Entry],
    talk: str,
    starts_at: datetime,
    ends_at: datetime,
    leaders: tuple[Leader, ...],
    accounts: tuple[str, ...] = (),
) -> Refusal | None:
    """Which leader is at another talk within this time, and at which."""
    wanted = {*_accounts(leaders), *accounts}
    for one in known:
        if one.over or one.talk == talk or one.starts_at >= ends_at or starts_at >= one.ends_at:
            continue
        if busy := [account for account in one.leaders if account in wanted]:
            at = one.starts_at.astimezone(SHANGHAI)
            detail = f"leaders: {', '.join(busy)} is at {one.talk} from {at:%Y-%m-%d %H:%M}"
            return Refusal(Reason.LEADER_BUSY, detail)
    return None


def _accounts(leaders: Iterable[Leader]) -> tuple[str, ...]:
    return tuple(leader.account for leader in leaders)
