"""Links: an issue is shown, rated and taken back by a secret that the person has who raised it, without an account."""

import hmac
from hashlib import sha256

from services.intake.issue.life import Issue, Link
from shared.contract.commands.intake import MakeLink, RevokeLink
from shared.contract.words import Role
from shared.domain.decisions import Change, Context, Reason, Refusal


def make_link(issue: Issue | None, command: MakeLink, context: Context) -> Change[Issue] | Refusal:
    """Keep the hash of a new link's secret; the link before is good no more."""
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is registered")
    is_raiser = context.role == Role.ENTREPRENEUR  # the rights let nobody else come as one
    if not issue.recorded_by and not is_raiser:
        return Refusal(
            Reason.NOT_ELIGIBLE, "who raised it for themselves makes a link themselves, and nobody else"
        )
    serial = 1 if issue.link is None else issue.link.serial + 1
    link = Link(serial=serial, made_by="" if is_raiser else context.principal, made_at=context.now)
    linked = issue.model_copy(update={"link": link, "link_sha256": command.sha256})
    return Change(linked, outcome={"state": issue.state.value, "serial": serial})


def revoke_link(issue: Issue | None, command: RevokeLink, context: Context) -> Change[Issue] | Refusal:
    """Forget the hash; where there is no link nothing changes."""
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is registered")
    outcome = {"state": issue.state.value}
    if issue.link is None or not issue.link_sha256:
        return Change(issue, outcome=outcome)
    revoked = issue.link.model_copy(update={"revoked_at": context.now})
    return Change(issue.model_copy(update={"link": revoked, "link_sha256": ""}), outcome=outcome)


def opens(issue: Issue | None, serial: int, secret: str) -> bool:
    """Whether this is the link to the issue; it takes as long where it is not, or where there is no such issue."""
    kept = issue.link_sha256 if issue and issue.link and issue.link.serial == serial else ""
    return hmac.compare_digest(kept or "0" * 64, sha256(secret.encode()).hexdigest()) and bool(kept)
