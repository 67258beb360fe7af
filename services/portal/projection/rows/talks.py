"""What intake's events make of the rows: talks, who leads them, who takes part; and the rotation of leaders."""

from collections.abc import Iterator

from services.portal.projection.rows.changes import Happened, Rows, Unreadable, Value, as_json
from shared.contract.words import TakesPart


def announced(rows: Rows, event: Happened) -> None:
    """A talk is to come."""
    names = ("series", "level", "jurisdiction", "organiser")
    rows.set(
        "talk",
        (event.id,),
        state="announced",
        number=event.number("number"),
        announced_on=event.text("on"),
        announced_at=event.at,
        announced_by=event.text("by"),
        taken=0,
        **{name: event.text(name) for name in names},
        **_times(event),
    )
    _described(rows, event)


def changed(rows: Rows, event: Happened) -> None:
    """All that is said of it now, and who leads it."""
    _described(rows, event)


def signed_up(rows: Rows, event: Happened) -> None:
    """Somebody takes part, or does not any more."""
    withdrawn = event.truth("withdrawn")
    columns: dict[str, Value] = {"signed_up": 1 - withdrawn, "signed_at": event.at}
    if withdrawn:
        columns |= {"named": None, "issue": ""}
    else:
        columns |= _known(event)
    rows.set("talk_participant", (event.id, event.text("person")), **columns)
    rows.set("talk", (event.id,), taken=event.number("taken"))


def named(rows: Rows, event: Happened) -> None:
    """Who shall take part, or has sent a question in writing."""
    for one in _people(event, "participants"):
        key = (event.id, one.text("person"))
        rows.set(
            "talk_participant", key, named=one.text("how"), signed_up=0, signed_at=event.at, **_known(one)
        )
    rows.set("talk", (event.id,), taken=event.number("taken"))


def attended(rows: Rows, event: Happened) -> None:
    """Who has come."""
    for one in _people(event, "attendees"):
        key = (event.id, one.text("person"))
        asked = one.text("how") == TakesPart.SIGNED_UP
        how: dict[str, Value] = {"signed_up": 1} if asked else {"named": TakesPart.NAMED.value}
        rows.set("talk_participant", key, attended=1, **how, **_known(one))


def postponed(rows: Rows, event: Happened) -> None:
    """It is held at another time."""
    why: dict[str, Value] = {
        "moved_from": event.instant("old_starts_at"),
        "moved_because": event.text("reason"),
    }
    rows.set("talk", (event.id,), lapsed_at=None, **why, **_times(event))


def opened(rows: Rows, event: Happened) -> None:
    """It has begun."""
    rows.set("talk", (event.id,), state="open", opened_at=event.at)


def held(rows: Rows, event: Happened) -> None:
    """It has ended."""
    rows.set("talk", (event.id,), state="held", ended_at=event.at, ended_by=event.text("by"))


def cancelled(rows: Rows, event: Happened) -> None:
    """It is called off."""
    ended: dict[str, Value] = {
        "ended_at": event.at,
        "ended_by": event.text("by"),
        "ended_because": event.text("reason"),
    }
    rows.set("talk", (event.id,), state="cancelled", **ended)


def lapsed(rows: Rows, event: Happened) -> None:
    """It was not held in time."""
    rows.set("talk", (event.id,), lapsed_at=event.at)


def rotation(rows: Rows, event: Happened) -> None:
    """A version of the plan of leaders by week."""
    rows.set(
        "rotation",
        (event.id, event.text("version")),
        jurisdiction=event.jurisdiction,
        in_force_from=event.instant("in_force_from"),
        seq=event.place,
        reason=event.text("reason"),
        by=event.text("by"),
        data=as_json(event.data),
    )


def _described(rows: Rows, event: Happened) -> None:
    leaders = event.json("leaders") or "[]"
    rows.set(
        "talk",
        (event.id,),
        theme=event.text("theme"),
        questions=event.text("questions"),
        place=event.text("place"),
        capacity=event.number("capacity"),
        departments=event.json("departments") or "[]",
        leaders=leaders,
        led=event.place,
    )
    for leader in _people(event, "leaders"):
        rows.set("talk_leader", (event.id, leader.text("account")), led=event.place)


def _times(event: Happened) -> dict[str, Value]:
    return {name: event.instant(name) for name in ("starts_at", "ends_at", "wait_until")}


def _known(event: Happened) -> dict[str, Value]:
    """What is said of their enterprise and question; where nothing is, what was said before stands."""
    return {name: said for name in ("enterprise", "issue") if (said := event.text(name))}


def _people(event: Happened, name: str) -> Iterator[Happened]:
    found = event.data.get(name, [])
    if type(found) is not list or not all(type(one) is dict for one in found):
        raise Unreadable(f"{name} is no list of objects")
    return (event._replace(data=one) for one in found)
