"""What intake decides about an enterprise: write down what is known of it, unless it was changed meanwhile."""

from services.intake.credit_codes import CREDIT_CODE_RULE, is_credit_code
from services.intake.enterprise.life import Enterprise
from shared.contract.commands.people import RecordEnterprise
from shared.contract.events.people import EnterpriseChanged, EnterpriseRegistered
from shared.contract.subjects import id_of
from shared.domain.decisions import Change, Context, Reason, Refusal, event

FIELDS = ("name", "trade", "size", "district", "contacts")


def record(
    enterprise: Enterprise | None, command: RecordEnterprise, context: Context
) -> Change[Enterprise] | Refusal:
    """Write a new revision; the same content again changes nothing, whichever revision was read."""
    if not is_credit_code(id_of(context.subject)):
        return Refusal(Reason.WRONG_CREDIT_CODE, CREDIT_CODE_RULE)
    if not command.name.strip():
        return Refusal(Reason.MALFORMED, "name: must not be blank")
    known = enterprise.revision if enterprise else 0
    contacts = (
        command.contacts if command.contacts is not None else (enterprise.contacts if enterprise else ())
    )
    content = {
        "name": command.name.strip(),
        "trade": command.trade.strip(),
        "size": command.size,
        "district": command.district.strip(),
        "contacts": tuple(dict.fromkeys(contacts)),
    }
    if enterprise is not None and content == {name: getattr(enterprise, name) for name in FIELDS}:
        return Change(enterprise, outcome={"revision": known, "unchanged": True})
    if command.revision != known:
        return Refusal(Reason.STALE_REVISION, _current(enterprise))
    written = Enterprise(**content, revision=known + 1)
    shape = EnterpriseChanged if enterprise else EnterpriseRegistered
    happened = shape(**content, revision=written.revision, by=context.principal)
    return Change(written, (event(happened),), {"revision": written.revision})


def _current(enterprise: Enterprise | None) -> str:
    """What is known now, for who read something else."""
    if enterprise is None:
        return "revision: it is not written down yet, so that is 0"
    fields = ", ".join(f"{name} {getattr(enterprise, name) or '-'}" for name in FIELDS[:-1])
    return f"revision: {enterprise.revision} is current, with {fields}"
