"""The matters list and the information library: the part shared with the CPPCC, and the closed part."""

from shared.events.base import MATTERS_CLOSED, MATTERS_SHARED, Event
from shared.events.words import Source


class MatterListed(Event, type="matter.listed.v1", topic=MATTERS_SHARED):
    """Happens when a named person lists a matter (监督事项清单), for its step or to help an enterprise."""

    matter: str
    number: str
    issue: str = ""
    departments: tuple[str, ...]
    helping: bool = False
    text: str
    by: str


class MatterFollowed(Event, type="matter.followed.v1", topic=MATTERS_SHARED):
    """Happens when what came of a listed matter is noted."""

    matter: str
    text: str
    by: str


class MatterLifted(Event, type="matter.lifted.v1", topic=MATTERS_SHARED):
    """Happens when a matter leaves the list, with a reason."""

    matter: str
    reason: str
    by: str


class LibraryEntered(Event, type="library.entered.v1", topic=MATTERS_SHARED):
    """Happens when an entry is made in the information library (监督信息库), the part shared with the CPPCC."""

    entry: str
    matter: str = ""
    text: str
    by: str


class SharedPartLookedAt(Event, type="matter.looked_at.v1", topic=MATTERS_SHARED):
    """Happens every time somebody looks at the shared part of a matter or entry."""

    part: str
    by: str


class ClosedPartWritten(Event, type="matter.closed_part_written.v1", topic=MATTERS_CLOSED):
    """Happens when discipline inspection writes its own part of a matter or entry."""

    part: str
    text: str
    by: str


class ComplaintReceived(Event, type="complaint.received.v1", topic=MATTERS_CLOSED):
    """Happens when a complaint about an official comes in: it never becomes an issue."""

    origin: Source
    letter: str
    department: str = ""


class ComplaintTaken(Event, type="complaint.taken.v1", topic=MATTERS_CLOSED):
    """Happens when discipline inspection takes the complaint over and gives its receipt."""

    receipt: str
    by: str


class ClosedPartLookedAt(Event, type="matter.closed_part_looked_at.v1", topic=MATTERS_CLOSED):
    """Happens every time somebody looks at a closed part or a complaint."""

    part: str
    by: str
