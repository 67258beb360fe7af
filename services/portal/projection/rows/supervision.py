"""What supervision's events make of the rows: every clock it started, which one is due next, and the ladder.

An event names its clock by name, round and assignment; a clock that was recalled and starts anew is another one of
the same name, so the clocks of an issue are read from the database once a batch.
"""

import json
from typing import Any

from services.portal.projection.rows.changes import Happened, Rows, Value, as_json
from shared.contract.words import ClockName, LiftCause

_COLUMNS = ("number", "clock", "round", "assignment", "started_at", "due_at", "stopped_at", "renewals")
_OF_A_LAMP = ("number", "step")

Clock = dict[str, Any]
Lamp = dict[str, Any]


def started(rows: Rows, event: Happened) -> None:
    """A clock starts, or runs on after an appeal."""
    name, round, assignment = _name(event)
    named: dict[str, Value] = {
        "clock": name,
        "round": round,
        "assignment": assignment,
        "started_at": event.instant("started_at"),
    }
    runs: dict[str, Value] = {
        "resumed_at": event.instant_or_none("resumed_at"),
        "due_at": event.instant("due_at"),
        "stopped_at": None,
        "department": event.text("department"),
        "term": event.text("limit"),
        "provisional": event.text_or_none("provisional_because"),
        "policy": event.text("policy"),
        "calendar": event.text("calendar"),
    }
    clocks = _clocks(rows, event.subject)
    resumed = [clock for clock in clocks if runs["resumed_at"] and named.items() <= clock.items()]
    clock: Clock = resumed[-1] if resumed else {"number": event.place, "renewals": None, **named}
    if not resumed:
        clocks.append(clock)
        began: dict[str, Value] = {
            "original_due_at": runs["due_at"],
            "began_policy": runs["policy"],
            "began_calendar": runs["calendar"],
        }
        rows.set("clock", (event.subject, event.place), **named, **began)
    clock |= {"due_at": runs["due_at"], "stopped_at": None}
    rows.set("clock", (event.subject, clock["number"]), **runs)
    _due(rows, event, clock["due_at"], runs["resumed_at"] is not None)
    _may_move(rows, event)
    _next(rows, event.subject)


def recalculated(rows: Rows, event: Happened) -> None:
    """Its due date moved, or only became certain: more time was granted, or what it counts by is another one."""
    named = _named(_clocks(rows, event.subject), event)
    old, due_at = event.instant("old_due_at"), event.instant("due_at")
    if event.text("clock") != "assign" or (named and named[0]["due_at"] == old):
        _due(rows, event, due_at, True)
    _may_move(rows, event)
    if event.text("clock") == ClockName.INSTRUCTION:
        rows.set("instruction", (event.subject, event.number("round")), due_at=due_at)
    mine = [clock for clock in named if clock["due_at"] == old] or named
    if mine:
        clock, because = mine[-1], event.text("because")
        version = event.text(because) if because in ("policy", "calendar") else ""
        clock["due_at"], clock["renewals"] = due_at, _with(clock["renewals"], because, version)
        changed: dict[str, Value] = {
            "due_at": due_at,
            "provisional": event.text_or_none("provisional_because"),
            "policy": event.text("policy"),
            "calendar": event.text("calendar"),
            "renewals": clock["renewals"],
        }
        if version:
            changed |= {"renewed_by": version, "moved_from": old}
        rows.set("clock", (event.subject, clock["number"]), **changed)
        _next(rows, event.subject)


def _with(renewals: str | None, because: str, version: str) -> str | None:
    """The versions by which a clock was recalculated, and this one."""
    return as_json([*json.loads(renewals or "[]"), [because, version]]) if version else renewals


def _may_move(rows: Rows, event: Happened) -> None:
    name, round, _ = _name(event)
    if name == "promise" and round == 1:
        may_move = int(event.text_or_none("provisional_because") is not None)
        rows.set("issue", (event.subject,), promise_may_move=may_move)


def warned(rows: Rows, event: Happened) -> None:
    """A warning threshold was reached."""
    clock, threshold = _of(rows, event), event.text("threshold")
    if clock is not None:
        rows.set("clock", (event.subject, clock["number"]), warned_at=event.at, warned=threshold)


def breached(rows: Rows, event: Happened) -> None:
    """Due, and what it waited for did not come."""
    clock = _of(rows, event)
    if clock is not None:
        rows.set("clock", (event.subject, clock["number"]), breached_at=event.at, annulled_at=None)
    _first_promise(rows, event, 1)


def annulled(rows: Rows, event: Happened) -> None:
    """What it waited for had come in time, and was read too late."""
    clock, stopped_at = _of(rows, event), event.instant("stopped_at")
    if clock is not None:
        key = (event.subject, clock["number"])
        rows.set("clock", key, breached_at=None, annulled_at=event.at)
        if clock["stopped_at"] is not None:
            clock["stopped_at"] = stopped_at
            rows.set("clock", key, stopped_at=stopped_at)
    _first_promise(rows, event, 0)


def stopped(rows: Rows, event: Happened) -> None:
    """What it waited for has come, or the issue has ended."""
    stopped_at = event.instant("stopped_at")
    running = [clock for clock in _named(_clocks(rows, event.subject), event) if clock["stopped_at"] is None]
    if running:
        running[-1]["stopped_at"] = stopped_at
        rows.set("clock", (event.subject, running[-1]["number"]), stopped_at=stopped_at)
        _next(rows, event.subject)


def explained(rows: Rows, event: Happened) -> None:
    """A department explained why a promise was broken."""
    about = ("promise", event.number("round"), "")
    clocks = _clocks(rows, event.subject)
    mine = [one for one in clocks if (one["clock"], one["round"], one["assignment"]) == about]
    if mine:
        rows.set("clock", (event.subject, mine[-1]["number"]), explained_at=event.at)


def raised(rows: Rows, event: Happened) -> None:
    """It came to a higher step of the ladder."""
    step, at, because = event.number("step"), event.instant("due_at"), event.text("because")
    rows.set("issue", (event.subject,), ladder_step=step, ladder_at=at, ladder_because=because)
    lamp: dict[str, Value] = {"step": step, "because": because, "raised_at": at}
    rows.set("lamp", (event.subject, event.place), **lamp, department=event.text("department"))
    _lamps(rows, event.subject).append({"number": event.place, "step": step})


def ended(rows: Rows, event: Happened) -> None:
    """It climbs no further: up to this step all it was raised to ends."""
    step, ended_at = event.number("step"), event.instant("ended_at")
    for lamp in _lamps(rows, event.subject):
        if lamp["step"] <= step:
            rows.first("lamp", (event.subject, lamp["number"]), ended_at=ended_at)


def lifted(rows: Rows, event: Happened) -> None:
    """It came down from the ladder, or to a lower step."""
    issue, because, to = (event.subject,), event.text("because"), event.number("to", 0)
    by, reason = event.text("by"), event.text("reason")
    rows.set("issue", issue, ladder_step=to, ladder_at=event.at, ladder_because=because)
    down: dict[str, Value] = {"lifted_because": because, "lifted_by": by, "lifted_reason": reason}
    lamps = _lamps(rows, event.subject)
    for lamp in [lamp for lamp in lamps if lamp["step"] > to]:
        rows.set("lamp", (event.subject, lamp["number"]), lifted_at=event.at, **down)
        lamps.remove(lamp)
    if because == LiftCause.PERSON:
        rows.set("issue", issue, ladder_lifted_at=event.at)


def _due(rows: Rows, event: Happened, due_at: int, resumed: bool) -> None:
    """The due dates that figures compare with: of the first assign clock, the first promise, each assignment."""
    name, round, assignment = _name(event)
    issue = (event.subject,)
    if name == "assign" and resumed:
        rows.set("issue", issue, assign_due_at=due_at)
    elif name == "assign":
        rows.first("issue", issue, assign_due_at=due_at)
    elif name == "promise" and round == 1:
        rows.set("issue", issue, promise_due_at=due_at)
    elif name == "sign":
        rows.set("assignment", (event.subject, assignment), sign_due_at=due_at)
    elif name == "holding" and round == 1:
        rows.set("assignment", (event.subject, assignment), holding_due_at=due_at)


def _first_promise(rows: Rows, event: Happened, breached: int) -> None:
    name, round, _ = _name(event)
    if name == "promise" and round == 1:
        rows.set("issue", (event.subject,), breached=breached)


def _next(rows: Rows, issue: str) -> None:
    """Of the clocks that run the one that is due first; of several the older one. A co-handler's is not the lead's."""
    running = [
        clock
        for clock in rows.clocks[issue]
        if clock["stopped_at"] is None and clock["clock"] != ClockName.CO_HANDLER
    ]
    nothing: Clock = {"clock": None, "due_at": None, "assignment": None}
    first = min(running, key=lambda clock: (clock["due_at"], clock["number"]), default=nothing)
    rows.set(
        "issue",
        (issue,),
        next_clock=first["clock"],
        next_due_at=first["due_at"],
        next_assignment=first["assignment"],
    )


def _of(rows: Rows, event: Happened) -> Clock | None:
    """The clock an event is about: by its due date, else the newest of that name."""
    mine = _named(_clocks(rows, event.subject), event)
    due_at = event.instant("due_at")
    exact = [clock for clock in mine if clock["due_at"] == due_at]
    return (exact or mine)[-1] if mine else None


def _named(clocks: list[Clock], event: Happened) -> list[Clock]:
    name = _name(event)
    return [clock for clock in clocks if (clock["clock"], clock["round"], clock["assignment"]) == name]


def _name(event: Happened) -> tuple[str, int, str]:
    return event.text("clock"), event.number("round", 1), event.text("assignment")


def _clocks(rows: Rows, issue: str) -> list[Clock]:
    """The clocks of an issue, older first, with what this batch made of them."""
    if issue not in rows.clocks:
        rows.clocks[issue] = _stored(rows, issue, _COLUMNS, "clock WHERE issue=?")
    return rows.clocks[issue]


def _lamps(rows: Rows, issue: str) -> list[Lamp]:
    """The steps from which it has not come down, older first, with what this batch made of them."""
    if issue not in rows.lamps:
        rows.lamps[issue] = _stored(rows, issue, _OF_A_LAMP, "lamp WHERE issue=? AND lifted_at IS NULL")
    return rows.lamps[issue]


def _stored(rows: Rows, issue: str, columns: tuple[str, ...], which: str) -> list[dict[str, Any]]:
    query = f"SELECT {','.join(columns)} FROM {which} ORDER BY number"
    found = rows.database.execute(query, (issue,)) if issue in rows.begun else ()
    return [dict(zip(columns, row, strict=True)) for row in found]
