"""Decisions on an official: publish a version of the entry, choose in which ways they are told."""

from collections.abc import Iterable, Mapping

from services.dispatch.publishing import fields_of, next_version
from services.dispatch.staff.life import Staff
from shared.contract.commands.dispatch import ChooseWays, PublishStaff
from shared.contract.envelope import time_text
from shared.contract.events.dispatch import StaffPublished, WaysChosen
from shared.contract.subjects import id_of
from shared.contract.words import Role
from shared.domain.decisions import Change, Context, Reason, Refusal, event
from shared.domain.rights import Asker

KNOWN_ELSEWHERE: Mapping[str, str] = {
    Role.ENTREPRENEUR: "entrepreneurs are persons of intake, who register there or are registered",
    Role.DEPARTMENT: "a department's own system is whoever writes on its topic; its people are handler or "
    "department_leader",
}
"""The roles that no official has, and from where it is known who has them."""
CHOSEN = "ways-"
"""How the versions of what somebody chose are named."""


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
    published = known.model_copy(update={"entry": entry})
    return Change(published, (event(entry),), version.outcome())


def choose_ways(staff: Staff | None, command: ChooseWays, context: Context) -> Change[Staff] | Refusal:
    """Choose for oneself; the same ones again change nothing."""
    account = id_of(context.subject)
    if Asker.of(context.actor).account != account:
        return Refusal(Reason.WRONG_ROLE, f"only {account} may choose in which ways {account} is told")
    known, ways = staff or Staff(), tuple(dict.fromkeys(command.ways))
    last = known.chosen
    if last is not None and set(last.ways) == set(ways):
        return Change(known, outcome={"ways": list(last.ways), "unchanged": True})
    # Beside the versions of the entry, which have whole numbers: both stand under the official's subject.
    number = int(last.version.removeprefix(CHOSEN)) + 1 if last is not None else 1
    chosen = WaysChosen(version=f"{CHOSEN}{number}", in_force_from=context.now, ways=ways, by=account)
    outcome = {"ways": list(ways), "in_force_from": time_text(context.now)}
    return Change(known.model_copy(update={"chosen": chosen}), (event(chosen),), outcome)
