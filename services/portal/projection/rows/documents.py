"""What becomes of a document of supervision: drafted, out, answered, void or lifted."""

from services.portal.projection.rows.changes import Happened, Rows, Value


def drafted(rows: Rows, event: Happened) -> None:
    """It waits for a person's signature."""
    rows.set(
        "document", _key(event), state="drafted", drafted_at=event.at, **_numbered(event), **_whose(event)
    )


def issued(rows: Rows, event: Happened) -> None:
    """It is out."""
    rows.set(
        "document",
        _key(event),
        state="issued",
        issued_at=event.at,
        issued_by=event.text("by"),
        issued_level=event.text("level"),
        words=event.text("words"),
        answer_due_at=event.instant_or_none("answer_due_at"),
        praise=event.truth("praise"),
        joint=event.text("joint"),
        offices=event.json("offices"),
        across=event.json("across"),
        **_numbered(event),
        **_whose(event),
    )


def answered(rows: Rows, event: Happened) -> None:
    """An order was answered, in words or by a reply."""
    answer, by = event.text("words"), event.text("by")
    rows.set("document", _key(event), state="answered", answer=answer, answered_by=by, answered_at=event.at)


def voided(rows: Rows, event: Happened) -> None:
    """It was overtaken before it went out; its number stays taken."""
    rows.set("document", _key(event), state="void", **_numbered(event), **_ended(event))


def lift_drafted(rows: Rows, event: Happened) -> None:
    """A person has to lift it: its breach was annulled."""
    rows.set("document", _key(event), lift_drafted_at=event.at)


def lifted(rows: Rows, event: Happened) -> None:
    """It counts no longer."""
    rows.set("document", _key(event), state="lifted", **_ended(event))


def _key(event: Happened) -> tuple[str, str]:
    return event.subject, event.text("document")


def _numbered(event: Happened) -> dict[str, Value]:
    return {"kind": event.text("kind"), "year": event.number("year"), "number": event.number("number")}


def _whose(event: Happened) -> dict[str, Value]:
    return {
        "step": event.number("step", 0),
        "clock": event.text("clock"),
        "round": event.number("round"),
        "department": event.text("department"),
        "head": event.text("head"),
    }


def _ended(event: Happened) -> dict[str, Value]:
    return {
        "ended_at": event.at,
        "ended_because": event.text("because"),
        "ended_reason": event.text("reason"),
        "ended_by": event.text("by"),
    }
