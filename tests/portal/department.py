"""A department at work, as tests of its pages find it: people by the directory, issues it holds, drafts with words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.portal.own import Kept
from services.portal.session import COOKIE, hash_of, new_id
from shared.contract.words import Role
from tests.portal.given import Browser, Given, stamp
from tests.portal.projection.given import AT, ISSUE

PEOPLE = {"li": "李强", "sun": "孙悦", "zhou": "周平"}
FIRST = f"{ISSUE}.1"
PATH = f"/issues/{ISSUE}"
WORDS = "北门外道路已移交我局，12月5日前先装临时路灯。"


def at_work(given: Given, **entry: Any) -> None:
    """The housing department with two handlers and a leader, and its issue, which it has signed for."""
    given.registered()
    given.accepted()
    given.assigned()
    people(given, **entry)


def people(given: Given, **entry: Any) -> None:
    """The directory names who is who."""
    since = {"version": "2", "in_force_from": stamp(datetime(2011, 1, 1, tzinfo=UTC)), "by": "system"}
    housing = {"name_zh": "市建设局", "name_en": "Housing", "level": "city", "head": "局长"}
    named = {"leaders": ["zhou"], "handlers": ["li", "sun"], **entry}
    topics = given.shown.topics
    topics.version(
        "dispatch", "department.published.v1", "dept:housing", {**since, **housing, **named}, seq=2
    )
    for account, name in PEOPLE.items():
        roles = ["department_leader" if account == "zhou" else "handler"]
        staff = {**since, "name": name, "roles": roles, "level": "city", "department": "housing"}
        topics.version("dispatch", "staff.published.v1", f"staff:{account}", staff, seq=2)
    given.shown.apply()


def assigned(
    given: Given, id: str, title: str = "", due: timedelta = timedelta(hours=8), **more: Any
) -> None:
    """Another issue that the department has not signed for yet, with the clock of that."""
    given.registered(id, **more)
    given.accepted(id, *([title] if title else []))
    to = {"assignment": f"{id}.1", "department": "housing", "head": "局长", "by": "wang"}
    given.shown.tell("dispatch", "issue.assigned.v1", to, id)
    clock(given, "sign", due, id)


def clock(given: Given, name: str, due: timedelta, id: str = ISSUE) -> None:
    """A clock runs until so long after everything began."""
    started = {"clock": name, "round": 1, "assignment": f"{id}.1", "department": "housing"}
    started |= {"started_at": stamp(AT), "due_at": stamp(AT + due), "limit": "1wd"}
    given.shown.tell(
        "supervision", "clock.started.v1", {**started, "policy": "default-1", "calendar": "2026-1"}, id
    )


def named(given: Given, handler: str, substitute: str = "", id: str = ISSUE) -> None:
    """Who handles it and who stands in."""
    given.shown.tell(
        "dispatch",
        "handler.named.v1",
        {
            "assignment": f"{id}.1",
            "department": "housing",
            "handler": handler,
            "substitute": substitute,
            "by": "housing/zhou",
        },
        id,
    )


def drafted(given: Given, number: int = 1, text: str = WORDS, by: str = "li", id: str = ISSUE) -> None:
    """A draft was handed in; dispatch shows its words."""
    about = {"assignment": f"{id}.1", "department": "housing", "round": 1, "draft": number}
    about |= {"sha256": f"{number}" * 64, "outcome": "solved", "by": f"housing/{by}"}
    given.shown.tell("dispatch", "reply.drafted.v1", about, id)
    one = {"number": number, "assignment": f"{id}.1", "sha256": f"{number}" * 64, "outcome": "solved"}
    one |= {"text": text, "promised_on": None, "drafted_by": f"handler:housing/{by}", "sent_back_reason": ""}
    shown = dispatch(given, id)
    shown["drafts"] = [*shown.get("drafts", ()), one]


def sent_back(given: Given, reason: str, number: int = 1, id: str = ISSUE, **how: Any) -> None:
    """The draft came back with a reason."""
    about = {"assignment": f"{id}.1", "department": "housing", "round": 1, "draft": number}
    about |= {"sha256": f"{number}" * 64, "reason": reason, "by": "housing/zhou"}
    given.shown.tell("dispatch", "reply.sent_back.v1", about, id, **how)
    dispatch(given, id)["drafts"][number - 1]["sent_back_reason"] = reason


def dispatch(given: Given, id: str = ISSUE) -> dict[str, Any]:
    """What dispatch shows of an issue, to be changed."""
    found: dict[str, Any] = given.asked.answers.setdefault(f"GET /issues/{id}", (200, {"id": id}))[1]
    return found


def colleague(
    given: Given, account: str = "li", role: Role = Role.HANDLER, department: str = "housing"
) -> Browser:
    """The browser of somebody of a department."""
    browser, id = given.browser(), new_id()
    kept = Kept(account, role, department, PEOPLE.get(account, account), "")
    given.own.sign_in(hash_of(id), kept, given.now)
    browser.client.cookies.set(COOKIE, id, domain="127.0.0.1")
    return browser


def leader(given: Given) -> Browser:
    """The browser of the department's leader."""
    return colleague(given, "zhou", Role.DEPARTMENT_LEADER)
