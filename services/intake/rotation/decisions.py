"""Decisions on the rotation of a year: publish the plan of leaders by week, let two of them change their turns."""

import re
from collections import Counter
from datetime import date

from services.intake.rotation.life import Rotation
from shared.contract.commands.talks import PublishRotation, SwapTurns
from shared.contract.events.talks import RotationPublished, WeekPlanned
from shared.contract.subjects import id_of
from shared.domain.decisions import Change, Context, Reason, Refusal, event

_ID = re.compile(r"(.+)-([0-9]{4})")


def publish(
    rotation: Rotation | None, command: PublishRotation, context: Context
) -> Change[Rotation] | Refusal:
    """Publish the plan whole; the same one again changes nothing."""
    found = _ID.fullmatch(id_of(context.subject))
    if found is None or found[1] != context.jurisdiction:
        return Refusal(Reason.MALFORMED, f"a rotation is named {context.jurisdiction}-<year>")
    last = date(int(found[2]), 12, 28).isocalendar().week  # the 28th is always in the last week (ISO 8601)
    here = context.jurisdiction
    weeks = tuple(
        WeekPlanned.model_validate({**one.model_dump(), "jurisdiction": one.jurisdiction or here})
        for one in command.weeks
    )
    if late := next((one.week for one in weeks if one.week > last), None):
        return Refusal(Reason.MALFORMED, f"weeks: {found[2]} has {last} weeks, and no week {late}")
    twice = [
        one for one, count in Counter((one.week, one.jurisdiction) for one in weeks).items() if count > 1
    ]
    if twice:
        week, place = twice[0]
        return Refusal(Reason.MALFORMED, f"weeks: week {week} of {place} stands there twice")
    known = rotation or Rotation()
    if known.entry is not None and known.entry.weeks == weeks:
        return Change(known, outcome={"version": known.entry.version, "unchanged": True})
    return _published(known, weeks, "", context)


def swap(rotation: Rotation | None, command: SwapTurns, context: Context) -> Change[Rotation] | Refusal:
    """The leaders of two weeks at one place change their turns."""
    if rotation is None or rotation.entry is None:
        return Refusal(Reason.MALFORMED, "no rotation was published for this year")
    place = command.jurisdiction or context.jurisdiction
    turns = {one.week: one for one in rotation.entry.weeks if one.jurisdiction == place}
    wanted = command.week, command.other_week
    if missing := [week for week in wanted if week not in turns]:
        return Refusal(Reason.MALFORMED, f"week: nobody of {place} has week {missing[0]}")
    if command.week == command.other_week:
        return Refusal(Reason.MALFORMED, "other_week: name another week")
    leaders = {
        command.week: turns[command.other_week].leaders,
        command.other_week: turns[command.week].leaders,
    }
    weeks = tuple(
        one.model_copy(update={"leaders": leaders[one.week]})
        if one.jurisdiction == place and one.week in leaders
        else one
        for one in rotation.entry.weeks
    )
    return _published(rotation, weeks, command.reason.strip(), context)


def _published(
    known: Rotation, weeks: tuple[WeekPlanned, ...], reason: str, context: Context
) -> Change[Rotation]:
    entry = RotationPublished(
        version=str(int(known.entry.version) + 1 if known.entry else 1),
        in_force_from=context.now,
        weeks=weeks,
        reason=reason,
        by=context.principal,
    )
    return Change(Rotation(entry=entry), (event(entry),), {"version": entry.version})
