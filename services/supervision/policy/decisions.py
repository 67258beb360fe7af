"""Publishing a version of the policy: limits, warnings and office hours (clocks.md, first paragraph, and 8)."""

import json
from hashlib import sha256

from services.supervision.policy.life import PublishedPolicies
from services.supervision.publishing import published, unchanged
from shared.contract.commands.supervision import PublishPolicy
from shared.contract.events.supervision import PolicyPublished
from shared.domain.clocks import Policy
from shared.domain.decisions import Change, Context, Reason, Refusal, event
from shared.domain.publishing import in_the_past


def publish(
    state: PublishedPolicies | None, command: PublishPolicy, context: Context
) -> Change[PublishedPolicies] | Refusal:
    """Publish a version; the same one again changes nothing, another content under its name is refused.

    The first version of all may hold from any instant, a later one only from now on.
    """
    known = state or PublishedPolicies()
    version, digest = command.policy.version, digest_of(command.policy)
    if (before := dict(known.versions).get(version)) is not None:
        if before == digest:
            return Change(known, outcome=unchanged(version, known.last))
        detail = f"version {version} was published with another content: give the new one another name"
        return Refusal(Reason.ALREADY_PUBLISHED, detail)
    in_force_from = command.in_force_from or context.now
    if refusal := in_the_past(in_force_from, context):
        return refusal
    announced = PolicyPublished(
        version=version,
        in_force_from=in_force_from,
        policy=command.policy,
        applies_to_running=command.applies_to_running,
        by=context.principal,
    )
    after = PublishedPolicies(versions=(*known.versions, (version, digest)), last=version)
    outcome = published(version, in_force_from, running=command.applies_to_running)
    return Change(after, (event(announced),), outcome)


def digest_of(policy: Policy) -> str:
    """Equal for equal policies, in whatever order their limits were written."""
    content = json.dumps(policy.model_dump(mode="json"), sort_keys=True)
    return sha256(content.encode()).hexdigest()[:16]
