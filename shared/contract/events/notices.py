"""What became of notices: intake's to who raised an issue, dispatch's to officials. No address stands here.

Of a digest each thing that it tells of is said in an event of its own, under the one notice.
"""

from shared.contract.event import DISPATCH, INTAKE, Event, Number
from shared.contract.words import MAIL, OpenOccurrence, OpenUnsent


class NoticeSent(Event, type="notice.sent.v1", topic=INTAKE):
    """Happens when the mail server has taken a notice to who raised an issue."""

    issue: str
    about: OpenOccurrence
    to: str
    """Who is told, by reference."""
    tries: Number


class NoticeGivenUp(Event, type="notice.given_up.v1", topic=INTAKE):
    """Happens when a notice to who raised an issue will not be sent any more."""

    issue: str
    about: OpenOccurrence
    to: str
    tries: Number
    why: OpenUnsent
    said: str = ""
    """What the mail server said, as a code."""


class StaffNoticeSent(Event, type="notice.staff_sent.v1", topic=DISPATCH):
    """Happens when a notice to an official was taken, by the mail server, a robot or a webhook."""

    issue: str
    about: OpenOccurrence
    to: str
    """Who is told, by account."""
    way: str = MAIL
    """In which way: by mail, or another that the deployment has."""
    tries: Number


class StaffNoticeGivenUp(Event, type="notice.staff_given_up.v1", topic=DISPATCH):
    """Happens when a notice to an official will not be sent any more."""

    issue: str
    about: OpenOccurrence
    to: str
    way: str = MAIL
    tries: Number
    why: OpenUnsent
    said: str = ""
    """What whoever refused it said, as a code."""
