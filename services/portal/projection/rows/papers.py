"""What feedback's events make of the rows: papers as they were frozen, and what the meetings decided on them."""

from services.portal.projection.rows.changes import Happened, Rows, Unreadable


def published(rows: Rows, event: Happened) -> None:
    """An edition, whole."""
    rows.set(
        "paper",
        _key(event),
        kind=event.text("kind"),
        period=event.text("period"),
        supersedes=event.number("supersedes", 0),
        as_of=event.instant("as_of"),
        preface=event.text("preface"),
        published_at=event.at,
        published_by=event.text("by"),
        **{name: event.json(name) or "[]" for name in ("positions", "figures", "cases", "honours")},
    )


def heard(rows: Rows, event: Happened) -> None:
    """The meeting, and each of its decisions."""
    rows.set(
        "paper",
        _key(event),
        meeting=event.text("meeting"),
        held_on=event.text("held_on"),
        chaired_by=event.text("chaired_by"),
        minutes=event.text("words"),
        recorded_at=event.at,
        recorded_by=event.text("by"),
    )
    decisions = event.data.get("decisions") or []
    if type(decisions) is not list or not all(type(one) is dict for one in decisions):
        raise Unreadable("decisions is no list of objects")
    for one in (event._replace(data=data) for data in decisions):
        rows.set(
            "decision",
            (*_key(event), one.number("number")),
            issue=one.text("issue"),
            words=one.text("words"),
            due_on=one.text_or_none("due_on"),
        )


def decision_voided(rows: Rows, event: Happened) -> None:
    """It can become no instruction."""
    rows.set("decision", (*_key(event), event.number("number")), voided_because=event.text("reason"))


def _key(event: Happened) -> tuple[str, int]:
    return event.id, event.number("edition")
