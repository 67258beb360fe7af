"""What dispatch's events of extensions and pauses make of the rows: who asked for more time, and what became of it."""

from services.portal.projection.rows.changes import Happened, Rows, Value
from shared.contract.words import Ended, PauseGround

EXTENSION, PAUSE = "extension", "pause"


def extension_asked(rows: Rows, event: Happened) -> None:
    """The holder asks for more time."""
    _asked(rows, event, EXTENSION, until_on=event.text("until"), days=event.number("days"))


def extension_granted(rows: Rows, event: Happened) -> None:
    """The office gives it."""
    _decided(rows, event, EXTENSION, 1, days=event.number("days"))


def extension_refused(rows: Rows, event: Happened) -> None:
    """The office does not."""
    _decided(rows, event, EXTENSION, 0, refusal=event.text("reason"))


def extension_ended(rows: Rows, event: Happened) -> None:
    """Nobody decided in time."""
    _ended(rows, event, EXTENSION)
    rows.set("issue", (event.subject,), extension=None)


def pause_asked(rows: Rows, event: Happened) -> None:
    """The holder asks that the days do not count."""
    _asked(rows, event, PAUSE, ground=event.text("ground"), basis=event.text("basis"))


def enterprise_asked(rows: Rows, event: Happened) -> None:
    """The raiser is asked, and by that a pause for as long as the answer takes."""
    ends_at = event.instant("ends_at")
    question: dict[str, Value] = {"reason": event.text("words"), "question": 1, "ends_at": ends_at}
    _asked(rows, event, PAUSE, ground=PauseGround.WAITING, basis="", **question)
    now: dict[str, Value] = {"question": event.number("request"), "question_ends_at": ends_at}
    rows.set("issue", (event.subject,), **now)


def pause_granted(rows: Rows, event: Happened) -> None:
    """From now on they do not."""
    _decided(rows, event, PAUSE, 1, ends_at=event.instant_or_none("ends_at"))
    now: dict[str, Value] = {"dispatch_state": "suspended", "paused": event.number("request")}
    rows.set("issue", (event.subject,), **now)


def pause_refused(rows: Rows, event: Happened) -> None:
    """They go on counting."""
    _decided(rows, event, PAUSE, 0, refusal=event.text("reason"))


def pause_ended(rows: Rows, event: Happened) -> None:
    """They count again, for who has it; or its assignment is over, and another event says where it stands.

    A question that was not granted ends wherever the department stands with its work.
    """
    _ended(rows, event, PAUSE)
    rows.set("issue", (event.subject,), pause=None, paused=None, question=None, question_ends_at=None)
    if event.data.get("granted", True) and event.text("because") != Ended.ASSIGNMENT_OVER:
        rows.set("issue", (event.subject,), dispatch_state="in_progress")


def _asked(rows: Rows, event: Happened, what: str, **more: Value) -> None:
    number = event.number("request")
    rows.set("issue", (event.subject,), dispatch_moved_at=event.at, **{what: number})
    rows.set(
        "request",
        (event.subject, what, number),
        assignment=event.text("assignment"),
        department=event.text("department"),
        round=event.number("round"),
        asked_at=event.at,
        asked_by=event.text("by"),
        **{"reason": event.text("reason"), **more},
    )


def _decided(rows: Rows, event: Happened, what: str, granted: int, **more: Value) -> None:
    rows.set("issue", (event.subject,), dispatch_moved_at=event.at, **{what: None})
    decided: dict[str, Value] = {"decided_at": event.at, "decided_by": event.text("by"), "granted": granted}
    rows.set("request", (event.subject, what, event.number("request")), **decided, **more)


def _ended(rows: Rows, event: Happened, what: str) -> None:
    rows.set("issue", (event.subject,), dispatch_moved_at=event.at)
    key = (event.subject, what, event.number("request"))
    rows.set("request", key, ended_at=event.at, ended_because=event.text("because"))
