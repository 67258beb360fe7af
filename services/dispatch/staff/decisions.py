"""Decisions on an official: publish a version of the entry."""

from collections.abc import Iterable, Mapping

from services.dispatch.publishing import fields_of, next_version
from services.dispatch.staff.life import Staff
from shared.contract.commands.dispatch import PublishStaff
from shared.contract.events.dispatch import StaffPublished
from shared.contract.words import Role
from shared.domain.decisions import Change, Context, Reason, Refusal, event

KNOWN_ELSEWHERE: Mapping[str, str] = {
    Role.ENTREPRENEUR: "entrepreneurs are persons of intake, who register there or are registered",
    Role.DEPARTMENT: "a department's own system is whoever writes on its topic; its people are handler or "
    "department_leader",
}
"""The roles that no official has, and from where it is known who has them."""


def no_officials_role(roles: Iterable[str]) -> str:
    """Which of these roles no official has, and why; empty where there is none."""
    found = (role for role in roles if role in KNOWN_ELSEWHERE)
    return next((f"{role} is no official's role: {KNOWN_ELSEWHERE[role]}" for role in found), "")


def publish(staff: Staff | None, command: PublishStaff, context: Context) -> Change[Staff] | Refusal:
    """Publish a version of the entry; the same one again changes nothing."""
    if why := no_officials_role(command.roles):
        return Refusal(Reason.MALFORMED, f"roles: {why}")
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
