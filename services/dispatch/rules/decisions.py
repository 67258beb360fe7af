"""Decisions on the routing rules: publish a version that names known departments, each word for one of them."""

from services.dispatch.publishing import fields_of, next_version
from services.dispatch.rules.life import Rules
from shared.contract.commands.dispatch import PublishRules
from shared.contract.events.dispatch import RulesPublished
from shared.domain.decisions import Change, Context, Reason, Refusal, event
from shared.domain.rights import SYSTEM


def publish(rules: Rules | None, command: PublishRules, context: Context) -> Change[Rules] | Refusal:
    """Publish a version of the rules; the same one again changes nothing."""
    known = rules or Rules()
    version = next_version(known.entry, command, context)
    if isinstance(version, Refusal):
        return version
    if not version.is_new:
        return Change(known, outcome=version.outcome())
    if refusal := _unfit(command, context):
        return refusal
    entry = RulesPublished(
        version=version.name,
        in_force_from=version.in_force_from,
        by=context.principal,
        **fields_of(command),
    )
    return Change(Rules(entry=entry), (event(entry),), version.outcome())


def _unfit(command: PublishRules, context: Context) -> Refusal | None:
    """Why these rules cannot route; None when they can."""
    directory = context.directory
    unknown = [code for code in (command.fallback, *command.keywords) if directory.department(code) is None]
    # A first start publishes its departments in the same breath; a test says that its rules name no others.
    if unknown and context.role != SYSTEM:
        names = ", ".join(map(repr, dict.fromkeys(unknown)))
        return Refusal(Reason.UNKNOWN_DEPARTMENT, f"not in the directory: {names}")
    owners: dict[str, str] = {}
    for code, words in command.keywords.items():
        for word in words:
            if not word.strip():
                return Refusal(Reason.MALFORMED, f"keywords.{code}: a word must not be blank")
            if owners.setdefault(word.lower(), code) != code:
                return Refusal(
                    Reason.MALFORMED, f"keywords: {word!r} speaks for {owners[word.lower()]} and for {code}"
                )
    return None
