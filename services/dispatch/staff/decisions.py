"""Decisions on an official: publish a version of the entry."""

from services.dispatch.publishing import fields_of, next_version
from services.dispatch.staff.life import Staff
from shared.contract.commands.dispatch import PublishStaff
from shared.contract.events.dispatch import StaffPublished
from shared.domain.decisions import Change, Context, Refusal, event


def publish(staff: Staff | None, command: PublishStaff, context: Context) -> Change[Staff] | Refusal:
    """Publish a version of the entry; the same one again changes nothing."""
    known = staff or Staff()
    version = next_version(known.entry, command, context)
    if isinstance(version, Refusal):
        return version
    if not version.is_new:
        return Change(known, outcome=version.outcome())
    entry = StaffPublished(
        version=version.name,
        in_force_from=version.in_force_from,
        by=context.principal,
        **fields_of(command),
    )
    return Change(Staff(entry=entry), (event(entry),), version.outcome())
