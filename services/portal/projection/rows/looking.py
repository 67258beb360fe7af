"""What supervision's events make of the rows of what is looked at again: why, when last, and what was found."""

from services.portal.projection.rows.changes import Happened, Rows


def opened(rows: Rows, event: Happened) -> None:
    """It comes onto the list; a tracking clock that starts beside it says until when."""
    because, round = event.text("because"), event.number("round")
    rows.set("issue", (event.subject,), listed=because, look_round=round)


def reviewed(rows: Rows, event: Happened) -> None:
    """Somebody looked, and it is too early to say."""
    next_on = event.text("next_on")
    _looked(rows, event, "not_yet")
    rows.set("issue", (event.subject,), listed=event.text("because"), look_next_on=next_on)


def done(rows: Rows, event: Happened) -> None:
    """A promise was found kept, or broken."""
    finding = event.text("finding")
    _looked(rows, event, finding)
    rows.set("issue", (event.subject,), listed=None, look_next_on=None, look_back=finding)


def _looked(rows: Rows, event: Happened, finding: str) -> None:
    rows.set(
        "issue",
        (event.subject,),
        look_round=event.number("round"),
        looked_at=event.at,
        looked_by=event.text("by"),
        finding=finding,
        found=event.text("words"),
    )
