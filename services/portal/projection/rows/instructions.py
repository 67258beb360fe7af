"""What becomes of a leader's instruction: given, reported on, or taken back."""

from services.portal.projection.rows.changes import Happened, Rows


def given(rows: Rows, event: Happened) -> None:
    """A leader waits for a report."""
    rows.set(
        "instruction",
        _key(event),
        department=event.text("department"),
        words=event.text("words"),
        given_at=event.at,
        given_by=event.text("by"),
        due_at=event.instant("due_at"),
        decision=event.text("decision"),
    )


def reported(rows: Rows, event: Happened) -> None:
    """The department says what it did."""
    rows.set(
        "instruction",
        _key(event),
        reported_at=event.at,
        report=event.text("words"),
        reported_by=event.text("by"),
        reported_for=event.text("department"),
    )


def taken_back(rows: Rows, event: Happened) -> None:
    """Nobody waits for a report any more."""
    rows.set("instruction", _key(event), taken_back_at=event.at, taken_back_reason=event.text("reason"))


def _key(event: Happened) -> tuple[str, int]:
    return event.subject, event.number("instruction")
