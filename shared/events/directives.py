"""What the city decides about a county's issues, as that county reads it."""

from datetime import date

from pydantic import AwareDatetime

from shared.events.base import DIRECTIVES, DISPATCH, EVENTS, SUPERVISION, Event
from shared.events.dispatch import DirectoryPublished, IssueHandedDown, ReplyReleased, RulesPublished
from shared.events.supervision import CalendarPublished, PolicyPublished, SupervisionOrderIssued
from shared.events.words import Kind, Outcome, Source


class IssueDirected(Event, type="directive.handed_down.v1", topic=DIRECTIVES):
    """Happens when the city hands an issue down: enough by itself for the county to handle it."""

    number: str
    kind: Kind
    origin: Source
    title: str
    text: str
    summary: str = ""
    enterprise: str = ""
    registered_at: AwareDatetime
    due_at: AwareDatetime | None = None
    reason: str
    by: str


class CountyOrdered(Event, type="directive.ordered.v1", topic=DIRECTIVES):
    """Happens when the city orders a county, which answers for its departments."""

    order: str
    number: str
    text: str
    answer_due_at: AwareDatetime
    by: str


class RaisedIssueReplied(Event, type="directive.replied.v1", topic=DIRECTIVES):
    """Happens when the city has replied to an issue the county raised: the county's promise is kept by it."""

    round: int
    department: str
    outcome: Outcome
    outcome_class: str
    text: str
    promised_on: date | None = None
    by: str


class RaisedIssueGivenBack(Event, type="directive.given_back.v1", topic=DIRECTIVES):
    """Happens when the city does not take a raised issue: the county handles it on."""

    reason: str
    by: str


TOLD_BY_A_DIRECTIVE = frozenset({IssueHandedDown.type, SupervisionOrderIssued.type, ReplyReleased.type})
ABOUT_NO_ISSUE = frozenset(
    {DirectoryPublished.type, RulesPublished.type, PolicyPublished.type, CalendarPublished.type}
)


def on_directives() -> tuple[str, ...]:
    """The types a county may read on its directives: those of their own, and the city's facts on its issues.

    Every fact the city's dispatch and supervision record on a county's issue is written there again under its
    own type, so that the county reads a pause granted above with the class it has for its own pauses. What a
    directive tells in full is not written a second time.
    """
    facts = (name for name, shape in EVENTS.items() if shape.topic in (DISPATCH, SUPERVISION))
    own = (name for name, shape in EVENTS.items() if shape.topic == DIRECTIVES)
    return (*own, *(name for name in facts if name not in TOLD_BY_A_DIRECTIVE | ABOUT_NO_ISSUE))
