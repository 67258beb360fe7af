"""What became of notices by mail: intake's to who raised an issue, dispatch's to officials. No address stands here."""

from shared.contract.event import DISPATCH, INTAKE, Event, Number
from shared.contract.words import OpenOccurrence, OpenUnsent


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


class StaffNoticeSent(Event, type="notice.staff_sent.v1", topic=DISPATCH):
    """Happens when the mail server has taken a notice to an official."""

    issue: str
    about: OpenOccurrence
    to: str
    """Who is told, by account."""
    tries: Number


class StaffNoticeGivenUp(Event, type="notice.staff_given_up.v1", topic=DISPATCH):
    """Happens when a notice to an official will not be sent any more."""

    issue: str
    about: OpenOccurrence
    to: str
    tries: Number
    why: OpenUnsent
