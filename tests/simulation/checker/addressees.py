"""Who is told of what a step brings: the people of the offices beside the department (clocks.md, The ladder, "told").

A policy that is published in a town names whom the built-in one names; of what it wants signed first the offices.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Event, Evidence, aggregate_of, instant, kind_of

TOLD_OF_DRAFT = ("reminder", "supervision_order", "yellow_card", "red_card")
"""The first paper of each step of which the offices are told while it waits for a signature."""
SOON = timedelta(days=2)
"""How long a worker may take to read a new official's entry."""
OFFICE, OVERSEES, LEADS = "office", "supervisor", "leader"
HANDLES, HEADS, INSPECTS = "handler", "department_leader", "discipline"
ANY = "*"
"""Of some department, which names them."""


def check_addressees(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Of each draft one word to the offices; of all that dispatch has read of this, one notice at least to each."""
    people = _people(evidence)
    told = _told(evidence)
    for (topic, subject, source), found in evidence.events.items():
        if topic != "supervision.orders" or aggregate_of(subject) != "issue":
            continue
        said = [opened.event for _, opened in sorted(found.items()) if opened.event is not None]
        said = [event for event in said if kind_of(event) == "department.addressed"]
        if any(place[:2] == (topic, subject) for place in evidence.unpublished):
            continue
        yield from _drafts(evidence, subject, said)
        document = evidence.documents("dispatch").get(subject)
        if not told:
            continue  # a town in which nobody is told of anything
        if document is None or not document.get("state") or document.get("held"):
            continue
        heard = hearing.of("dispatch", subject)
        for event in said:
            place = (topic, source, event["seq"])
            if not heard.has(place) or heard.kept_back or heard.skipped or place in heard.handed_in:
                continue
            at, by = instant(event["time"]), event["data"].get("by", "")
            for role, department in _roles(event["data"]):
                known = any(since + SOON < at for since in people[role, department].values())
                # Who signed it may be the only one of the level; they are told nothing of it. Of a department that
                # was merged into another one they are the other's people.
                there = people[role, ""]
                if known and by not in there and not told[event["id"]] & there.keys():
                    yield Clause.ADDRESSEES_TOLD(f"{subject}: {event['id']} is told nobody who is {role}")


def _drafts(evidence: Evidence, subject: str, said: list[Event]) -> Iterator[Violation]:
    """A draft is said once, also where it was overtaken since."""
    drafted = [event["data"]["document"] for event in said if event["data"]["saying"] == "drafted"]
    events = evidence.events_by("supervision").get(subject, [])
    waits = [
        event["data"]["document"]
        for event in events
        if kind_of(event) == "document.drafted" and event["data"]["kind"] in TOLD_OF_DRAFT
    ]
    if sorted(drafted) != sorted(waits):
        yield Clause.ADDRESSEES_TOLD(f"{subject}: {waits} were drafted, of {drafted} the offices were told")


def _roles(data: Event) -> Iterator[tuple[str, str]]:
    """Who is told, one of whom there must be; of a department where it is its own people."""
    kind, department = data["kind"], data["department"]
    if data["saying"] == "drafted":
        yield from ((OFFICE, ""), (OVERSEES, ""))
        return
    if not department and data["saying"] in ("issued", "warning"):
        yield OFFICE, ""
    if department and data["saying"] == "warning":
        yield HANDLES, department
    if data["saying"] != "issued":
        return
    if department and kind == "reminder":
        yield from ((HANDLES, department), (HEADS, department))
    if kind == "supervision_order":
        yield OVERSEES, ""
    if kind in ("red_card", "interview", "circular"):
        yield LEADS, ""
    if kind == "circular":
        yield from ((OFFICE, ""), (HEADS, ANY))
    if kind == "matters_entry":
        yield INSPECTS, ""


def _told(evidence: Evidence) -> defaultdict[str, set[str]]:
    """By what was said the accounts for whom a notice of it was prepared."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for opened in evidence.opened:
        if opened.event is not None and opened.event["type"] == "dispatch.notice.prepare.v1":
            found[str(opened.event.get("cause", ""))].add(opened.event["data"]["to"])
    return found


def _people(evidence: Evidence) -> defaultdict[tuple[str, str], dict[str, datetime]]:
    """By role the accounts of the directory, by role and department those that its entry names, and since when."""
    found: defaultdict[tuple[str, str], dict[str, datetime]] = defaultdict(dict)
    for opened in evidence.opened:
        if opened.event is None:
            continue
        _, _, name = opened.event["subject"].partition(":")
        data, since = opened.event["data"], opened.event.get("time")
        if opened.event["type"] == "staff.published.v1":
            for role in data["roles"]:
                found[role, ""].setdefault(name, instant(since))
        elif opened.event["type"] == "department.published.v1":
            for role, accounts in ((HANDLES, data["handlers"]), (HEADS, data["leaders"])):
                for account in accounts:
                    for there in (name, ANY, ""):
                        found[role, there].setdefault(account, instant(since))
    return found
