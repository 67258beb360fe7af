"""What dispatch's events of co-handlers make of the rows: who was asked for an opinion, and what became of that."""

from services.portal.projection.rows.changes import Happened, Rows


def added(rows: Rows, event: Happened) -> None:
    """A department is asked for its opinion."""
    _moved(rows, event)
    rows.set(
        "co_handler",
        _key(event),
        department=event.text("department"),
        round=event.number("round"),
        head=event.text("head"),
        wanted=event.text("wanted"),
        due_at=event.instant("due_at"),
        added_at=event.at,
        added_by=event.text("by"),
    )


def heard(rows: Rows, event: Happened) -> None:
    """It agrees or objects; its words are for the lead and the office."""
    _moved(rows, event)
    rows.set(
        "co_handler",
        _key(event),
        heard_at=event.at,
        heard_by=event.text("by"),
        agrees=event.truth("agrees"),
    )


def released(rows: Rows, event: Happened) -> None:
    """Its opinion is wanted no more."""
    _moved(rows, event)
    rows.set(
        "co_handler",
        _key(event),
        released_at=event.at,
        released_by=event.text("by"),
        released_because=event.text("because"),
        release_reason=event.text("reason"),
    )


def _moved(rows: Rows, event: Happened) -> None:
    rows.set("issue", (event.subject,), dispatch_moved_at=event.at)


def _key(event: Happened) -> tuple[str, str]:
    return event.subject, event.text("assignment")
