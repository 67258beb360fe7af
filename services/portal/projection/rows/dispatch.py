"""What dispatch's events make of the rows: assignments, drafts without their words, replies."""

from services.portal.projection.rows.changes import Happened, Rows


def assigned(rows: Rows, event: Happened) -> None:
    """One department becomes the lead."""
    _held_by(rows, event)
    rows.first("issue", (event.subject,), assigned_first_at=event.at)
    rows.set(
        "assignment",
        (event.subject, event.text("assignment")),
        chosen_by=event.text("chosen_by", "person"),
        rules=event.text("rules"),
        terms=event.json("terms") or "[]",
        confidence=_confidence(event),
    )


def transferred(rows: Rows, event: Happened) -> None:
    """One assignment ends and another department becomes the lead."""
    _held_by(rows, event)
    previous = event.text("previous_assignment")
    rows.set("issue", (event.subject,), transfers=event.number("transfers"))
    rows.set("assignment", (event.subject, previous), passed_on_at=event.at)
    rows.set(
        "assignment",
        (event.subject, event.text("assignment")),
        from_assignment=previous,
        why=event.text("why"),
    )


def signed(rows: Rows, event: Happened) -> None:
    """The department has signed for it."""
    _move(rows, event, "in_progress")
    rows.set("assignment", _assignment(event), signed_at=event.at, signed_by=event.text("by"))


def returned(rows: Rows, event: Happened) -> None:
    """The department says that it is not its matter."""
    _move(rows, event, "returned")
    rows.set(
        "assignment",
        _assignment(event),
        returned_at=event.at,
        returned_by=event.text("by"),
        return_reason=event.text("reason"),
    )


def ruled(rows: Rows, event: Happened) -> None:
    """The office rules on a return; one that is upheld is followed by a transfer."""
    _move(rows, event, "assigned")
    rows.set(
        "assignment",
        _assignment(event),
        ruled_at=event.at,
        ruled_by=event.text("by"),
        upheld=event.truth("upheld"),
        ruling_reason=event.text("reason"),
    )


def recalled(rows: Rows, event: Happened) -> None:
    """The office takes it back: nobody holds it."""
    _move(rows, event, "waiting")
    rows.set("issue", (event.subject,), holder="", assignment="", handler="", substitute="")
    rows.set(
        "assignment",
        _assignment(event),
        recalled_at=event.at,
        recalled_by=event.text("by"),
        recall_reason=event.text("reason"),
    )


def handler_named(rows: Rows, event: Happened) -> None:
    """Who handles it, and who stands in."""
    handler, substitute = event.text("handler"), event.text("substitute")
    rows.set("issue", (event.subject,), handler=handler, substitute=substitute)
    rows.set(
        "assignment",
        _assignment(event),
        handler=handler,
        substitute=substitute,
        handler_named_at=event.at,
        handler_named_by=event.text("by"),
    )


def drafted(rows: Rows, event: Happened) -> None:
    """A draft was handed in; its words stay in the department."""
    _move(rows, event, "drafted")
    number, round = event.number("draft"), event.number("round")
    rows.set("issue", (event.subject,), draft=number, draft_round=round)
    rows.set(
        "draft",
        (event.subject, number),
        assignment=event.text("assignment"),
        department=event.text("department"),
        round=round,
        sha256=event.text("sha256"),
        outcome=event.text("outcome"),
        drafted_at=event.at,
        drafted_by=event.text("by"),
    )


def signed_off(rows: Rows, event: Happened) -> None:
    """Its department's leader signed this draft."""
    _move(rows, event, "signed_off")
    rows.set("draft", _draft(event), signed_off_at=event.at, signed_off_by=event.text("by"))


def checked(rows: Rows, event: Happened) -> None:
    """The office found it fit to go out."""
    _move(rows, event, "checked")
    rows.set("draft", _draft(event), checked_at=event.at, checked_by=event.text("by"))


def sent_back(rows: Rows, event: Happened) -> None:
    """Handed back to the handler with a reason."""
    _move(rows, event, "in_progress")
    rows.set(
        "draft",
        _draft(event),
        sent_back_at=event.at,
        sent_back_by=event.text("by"),
        sent_back_reason=event.text("reason"),
    )


def released(rows: Rows, event: Happened) -> None:
    """The reply is out."""
    _move(rows, event, "replied")
    key = (event.subject,)
    rows.first("issue", key, first_replied_at=event.at)
    rows.set(
        "issue",
        key,
        replied_round=event.number("round"),
        replied_by=event.text("department"),
        last_replied_at=event.at,
        outcome_class=event.text("outcome_class"),
    )
    rows.set("draft", _draft(event), released_at=event.at, released_by=event.text("by"))
    _reply(rows, event, 1)
    rows.set(
        "reply",
        (event.subject, event.number("round"), 1),
        draft=event.number("draft"),
        outcome_class=event.text("outcome_class"),
    )


def corrected(rows: Rows, event: Happened) -> None:
    """Another version stands beside a reply that is out."""
    version = event.number("version")
    _reply(rows, event, version)
    rows.set("reply", (event.subject, event.number("round"), version), reason=event.text("reason"))
    rows.set("issue", (event.subject,), dispatch_moved_at=event.at)


def _reply(rows: Rows, event: Happened, version: int) -> None:
    outcome, promised_on = event.text("outcome"), event.text_or_none("promised_on")
    rows.set("issue", (event.subject,), outcome=outcome, promised_on=promised_on, reply_version=version)
    rows.set(
        "reply",
        (event.subject, event.number("round"), version),
        assignment=event.text("assignment"),
        department=event.text("department"),
        sha256=event.text("sha256"),
        outcome=outcome,
        promised_on=promised_on,
        at=event.at,
        by=event.text("by"),
        text=event.text("text"),
    )
    rows.spoken.add(event.subject)


def _held_by(rows: Rows, event: Happened) -> None:
    """A department holds it under a new assignment, for which no handler is named yet."""
    _move(rows, event, "assigned")
    department, assignment = event.text("department"), event.text("assignment")
    nobody = {"handler": "", "substitute": ""}
    rows.set("issue", (event.subject,), holder=department, assignment=assignment, **nobody)
    rows.set(
        "assignment",
        (event.subject, assignment),
        department=department,
        round=event.number("round", 1),
        head=event.text("head"),
        assigned_at=event.at,
        assigned_by=event.text("by"),
        **nobody,
    )


def _move(rows: Rows, event: Happened, state: str) -> None:
    rows.set("issue", (event.subject,), dispatch_state=state, dispatch_moved_at=event.at)


def _assignment(event: Happened) -> tuple[str, str]:
    return event.subject, event.text("assignment")


def _draft(event: Happened) -> tuple[str, int]:
    return event.subject, event.number("draft")


def _confidence(event: Happened) -> float | None:
    value = event.data.get("confidence")
    return float(value) if isinstance(value, int | float) else None
