"""What intake may say of appeals, referrals, corrected words and withdrawals on behalf; and which link opens an issue.

Written down here a second time on purpose: from docs/loop.md, not from the services' code.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, aggregate_of, kind_of
from tests.simulation.checker.mergers import orders_of

SECRET_BODY = "discipline_inspection"


def check_appeals(evidence: Evidence) -> Iterator[Violation]:
    """Every issue of intake, with the orders to departments and the commands that asked."""
    orders = orders_of(evidence)
    for subject, events in evidence.events_by("intake").items():
        if aggregate_of(subject) == "issue":
            yield from _decided(subject, events)
            yield from _said_of_complaints(subject, events)
            yield from _confirmed(subject, events)
            yield from _words(subject, events, [order for _, order in orders.get(subject, ())])
    for subject, document in evidence.documents("intake").items():
        if aggregate_of(subject) == "issue":
            yield from _link(evidence, subject, document)


def _decided(subject: str, events: list[Event]) -> Iterator[Violation]:
    """Who rejected an issue does not decide on the appeal."""
    rejected_by = ""
    for event in events:
        kind = kind_of(event)
        if kind == "issue.rejected":
            rejected_by = event["data"]["by"]
        elif kind in ("appeal.upheld", "appeal.dismissed") and event["data"]["by"] == rejected_by:
            yield Clause.APPEAL_BY(f"{subject}: {event['id']} ({kind}) was decided by {rejected_by} again")


def _said_of_complaints(subject: str, events: list[Event]) -> Iterator[Violation]:
    for event in events:
        data = event["data"]
        if kind_of(event) == "issue.referred" and data["body"] == SECRET_BODY:
            said = {name: data.get(name) for name in ("addressee", "reason") if data.get(name)}
            if said:
                yield Clause.UNSPOKEN(f"{subject}: {event['id']} says of a complaint {said}")


def _confirmed(subject: str, events: list[Event]) -> Iterator[Violation]:
    """What an official took back for somebody says how and when that person confirmed it."""
    for event in events:
        data = event["data"]
        if kind_of(event) != "issue.withdrawn" or not data.get("by"):
            continue
        spoken = bool(data.get("called_by")) == (data.get("confirmed_by") == "call")
        if not data.get("confirmed_by") or not data.get("confirmed_at") or not spoken:
            yield Clause.CONFIRMED(f"{subject}: {event['id']} was recorded by {data['by']} unconfirmed")


def _words(subject: str, events: list[Event], orders: list[Event]) -> Iterator[Violation]:
    """Version 2, 3, ... beside the first; plain from the acceptance on, which carries the newest; confirmed as read."""
    version, accepted = 1, False
    plain: dict[int, str] = {}
    for event in events:
        kind, data = kind_of(event), event["data"]
        wrong = ""
        if kind == "issue.accepted":
            accepted, newest = True, data.get("corrected") or {"version": 1}
            wrong = (
                "" if newest["version"] == version else f"carries version {newest['version']} of {version}"
            )
            plain[newest["version"]] = newest.get("text", "")
        elif kind == "words.corrected":
            counted, version = data["version"] == version + 1, data["version"]
            wrong = (
                "" if counted and bool(data.get("text")) == accepted else "is out of turn, or plain too early"
            )
            plain[version] = data.get("text", "")
        elif kind == "words.confirmed" and data["version"] != version:
            wrong = f"confirms version {data['version']} of {version}"
        if wrong:
            yield Clause.WORDS_BESIDE(f"{subject}: {event['id']} ({kind}) {wrong}")
    for order in orders:
        said = _corrected_in(order)
        if said and plain.get(said["version"]) != said["text"]:
            yield Clause.WORDS_BESIDE(
                f"{subject}: {order['id']} carries other words than intake told: {said}"
            )


def _corrected_in(order: Event) -> Mapping[str, Any] | None:
    if kind_of(order) == "order.words_corrected":
        return dict(order["data"])
    return order["data"].get("corrected") if kind_of(order) == "order.assigned" else None


def _link(evidence: Evidence, subject: str, document: Mapping[str, Any]) -> Iterator[Violation]:
    """The hash that is kept is that of the last link that was made and not revoked since, in the order of outcomes."""
    if document.get("state") is None or document.get("older"):
        return
    kept = ""
    for id, _, outcome in document.get("inbox", ()):
        asked = evidence.by_id.get(id)
        if asked is None or asked.event is None or outcome["status"] != "done":
            continue
        if kind_of(asked.event) == "intake.make_link":
            kept = asked.event["data"]["sha256"]
        elif kind_of(asked.event) == "intake.revoke_link":
            kept = ""
    if document["state"].get("link_sha256", "") != kept:
        yield Clause.LINK_KEPT(f"{subject}: another link opens it than the one that was made last")
