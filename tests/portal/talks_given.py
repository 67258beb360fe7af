"""A portal that knows some talks: announced, and what became of them, as events tell it."""

from datetime import datetime, timedelta
from typing import Any

from tests.portal.given import WU, Given, stamp
from tests.portal.projection.given import AT

TALK = "huzhou-weekly-20260304-1"
WEDNESDAY = datetime.fromisoformat("2026-03-04T14:00:00+08:00")
SUN = {"account": "sun", "name": "孙某", "post": "副市长", "body": "government"}


def announced(given: Given, id: str = TALK, at: datetime = WEDNESDAY, **more: Any) -> None:
    """A talk of the city, led by the mayor's deputy, with two departments there."""
    said = {
        "series": "weekly",
        "number": 1,
        "level": "city",
        "jurisdiction": "huzhou",
        "on": f"{at:%Y-%m-%d}",
        "theme": "用地与用能",
        "questions": "指标何时下达",
        "place": "政企恳谈室",
        "starts_at": stamp(at),
        "ends_at": stamp(at + timedelta(hours=2, minutes=30)),
        "wait_until": stamp(at + timedelta(days=7)),
        "capacity": 2,
        "organiser": "湖州市工商联",
        "leaders": [SUN],
        "departments": ["housing"],
        "by": "feng",
    }
    given.shown.tell("intake", "talk.announced.v1", said | more, f"talk:{id}")


def signed_up(given: Given, id: str = TALK, person: str = WU, taken: int = 1, **more: Any) -> None:
    """Somebody takes part."""
    given.shown.tell("intake", "talk.signed_up.v1", {"person": person, "taken": taken, **more}, f"talk:{id}")


def named(given: Given, id: str = TALK, person: str = WU, taken: int = 1, **more: Any) -> None:
    """The federation wants somebody there."""
    one = {"person": person, "how": "named", **more}
    said = {"participants": [one], "taken": taken, "by": "feng"}
    given.shown.tell("intake", "talk.named.v1", said, f"talk:{id}")


def held(given: Given, id: str = TALK, came: tuple[str, ...] = (WU,)) -> None:
    """It was opened, they came, and it was closed."""
    subject, tell = f"talk:{id}", given.shown.tell
    tell("intake", "talk.opened.v1", {"by": "lu"}, subject)
    there = [{"person": person, "how": "signed_up"} for person in came]
    tell("intake", "talk.attended.v1", {"attendees": there, "by": "lu"}, subject)
    tell("intake", "talk.held.v1", {"attended": list(came), "by": "lu"}, subject)


def of_the_talk(given: Given, issue: str, id: str = TALK, phase: str = "before", **more: Any) -> None:
    """An issue of a talk, whose promise waits for that."""
    number = f"{issue[:4]}-{issue[4:8]}-{issue[8:12]}-{issue[12:]}X"
    data = {"number": number, "kind": "problem", "origin": "talk", "phase": phase, "occasion": {"id": id}}
    given.shown.tell("intake", "issue.registered.v1", {**data, "person": WU, **more}, issue)
    expected = {
        "talk": id,
        "talk_ends_at": stamp(WEDNESDAY + timedelta(hours=2, minutes=30)),
        "due_at": "2026-03-18T09:30:00Z",
        "limit": "10wd",
        "provisional_because": "talk_not_held",
        "policy": "p",
        "calendar": "c",
    }
    given.shown.tell("intake", "promise.expected.v1", expected, issue)


def planned(given: Given, *weeks: tuple[int, str]) -> None:
    """A rotation of this year with these turns, all of them the same leader's."""
    turns = [
        {
            "week": week,
            "jurisdiction": place,
            "level": "city" if place == "huzhou" else "county",
            "leaders": [SUN],
        }
        for week, place in weeks
    ]
    plan = {"version": "1", "in_force_from": stamp(AT - timedelta(days=9)), "weeks": turns, "by": "feng"}
    given.shown.topics.version("intake", "rotation.published.v1", "rotation:huzhou-2026", plan)
    given.shown.apply()
