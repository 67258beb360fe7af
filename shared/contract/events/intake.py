"""What intake tells: an issue is registered with its promise, then accepted, rejected or withdrawn."""

from pydantic import AwareDatetime

from shared.contract.event import INTAKE, Event
from shared.contract.words import Kind, OpenGround, OpenKind, OpenProvisional, OpenSource, Source


class IssueRegistered(Event, type="issue.registered.v1", topic=INTAKE):
    """Happens when somebody's words are written down; they are frozen from here on."""

    number: str
    kind: OpenKind = Kind.PROBLEM
    origin: OpenSource = Source.ONLINE
    title: str
    text: str
    enterprise: str = ""
    """The unified social credit code; empty for an anonymous issue and for a person without an enterprise."""
    anonymous: bool = False
    person: str = ""
    """Who raised it, as a reference of this issue alone: only the same person may rate (loop.md, On behalf)."""
    recorded_by: str = ""
    """The official who wrote it down for them; empty when they did it themselves."""


class PromiseStarted(Event, type="promise.started.v1", topic=INTAKE):
    """Happens right after registration: the date the entrepreneur was told, and the rules it came from."""

    started_at: AwareDatetime
    due_at: AwareDatetime
    limit: str
    provisional_because: OpenProvisional | None = None
    policy: str
    calendar: str


class IssueAccepted(Event, type="issue.accepted.v1", topic=INTAKE):
    """Happens when the intake office takes the issue on."""

    by: str


class IssueRejected(Event, type="issue.rejected.v1", topic=INTAKE, must_understand=True):
    """Happens when an issue is not accepted because it is already in one of the four procedures."""

    ground: OpenGround
    explanation: str
    by: str


class IssueWithdrawn(Event, type="issue.withdrawn.v1", topic=INTAKE, must_understand=True):
    """Happens when an issue is taken back by the person who raised it, or recorded by the office for them."""

    person: str = ""
    """Whose withdrawal it is: the reference in the event of registration."""
    by: str = ""
    """The official who recorded it for that person; empty when they did it themselves."""
    reason: str = ""
