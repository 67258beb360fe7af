"""What tests of the office begin with: two clerks, two departments, issues in each state in which the office acts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.portal.errands import UNDO
from services.portal.own import Kept
from services.portal.session import COOKIE, hash_of, new_id
from shared.contract.words import Role
from tests.portal.given import ISSUE, TEXT, TITLE, Browser, Given, stamp
from tests.portal.projection.given import AT

PATH, OFFICE = f"/issues/{ISSUE}", f"/office/issues/{ISSUE}"
TRIAGE = "/office/triage"
NAMES = {"wang": "王芳", "chen": "陈伟"}
DEPARTMENTS = {"housing": "市建设局", "planning": "市规划局", "urban_management": "市城管局"}
SHA = "a" * 64
MONTH = timedelta(days=30)
DRAFT: dict[str, Any] = {
    "number": 1,
    "assignment": f"{ISSUE}.1",
    "sha256": SHA,
    "outcome": "solved",
    "text": "路灯已经装好，共十二盏。",
    "drafted_by": "handler:housing/li",
    "signed_off_by": "department_leader:housing/zhou",
}


def clerk(given: Given, account: str = "wang", role: Role = Role.OFFICE, department: str = "") -> Browser:
    """The browser of somebody of the office, or of another official."""
    browser, id = given.browser(), new_id()
    kept = Kept(account, role, department, NAMES.get(account, account), "")
    given.own.sign_in(hash_of(id), kept, given.now)
    browser.client.cookies.set(COOKIE, id, domain="127.0.0.1")
    return browser


def directory(given: Given) -> None:
    """Departments with their duties, and the clerks by name."""
    entry = {"version": "1", "in_force_from": stamp(datetime(2011, 1, 1, tzinfo=UTC)), "by": "system"}
    for code, name in DEPARTMENTS.items():
        data = {
            **entry,
            "name_zh": name,
            "name_en": code,
            "level": "city",
            "head": "局长",
            "duties": ["路灯", "市政道路"],
        }
        given.shown.topics.version("dispatch", "department.published.v1", f"dept:{code}", data)
    for account, name in NAMES.items():
        data = {**entry, "name": name, "roles": ["office"], "level": "city"}
        given.shown.topics.version("dispatch", "staff.published.v1", f"staff:{account}", data)
    given.shown.apply()


def raised(given: Given, id: str = ISSUE, title: str = TITLE, **more: Any) -> None:
    """An issue that nobody has yet: its words are at intake alone, and the assign clock runs."""
    given.registered(id, **more)
    given.asked.answers[f"GET /issues/{id}"] = (200, {"id": id, "title": title, "text": TEXT})
    runs(given, "assign", id)


def runs(given: Given, clock: str, id: str = ISSUE, hours: float = 8, **more: Any) -> None:
    """A clock of it runs, as long as ``hours`` say from the first morning."""
    data = {
        "clock": clock,
        "round": 1,
        "due_at": stamp(AT + timedelta(hours=hours)),
        "limit": "2wd",
        "started_at": stamp(AT),
        "policy": "p",
        "calendar": "c",
    }
    given.shown.tell("supervision", "clock.started.v1", {**data, **more}, id)


def suggests(given: Given, *codes: str) -> None:
    """Dispatch's rules speak for these departments."""
    given.asked.suggests = [{"department": code, "terms": ["路灯", "照明"]} for code in codes]


def held(given: Given, id: str = ISSUE, **more: Any) -> None:
    """Housing has it and signed for it."""
    given.registered(id, **more)
    given.accepted(id)
    data = {"assignment": f"{id}.1", "department": "housing", "head": "局长", "by": "wang", "round": 1}
    given.shown.tell("dispatch", "issue.assigned.v1", data, id)
    signed = {"assignment": f"{id}.1", "department": "housing", "by": "li"}
    given.shown.tell("dispatch", "assignment.signed.v1", signed, id)
    runs(given, "holding", id, assignment=f"{id}.1", department="housing")


def signed_off(given: Given, id: str = ISSUE, **more: Any) -> None:
    """A draft of it is signed off, and dispatch shows it to the office."""
    held(given, id, **more)
    draft = {"assignment": f"{id}.1", "department": "housing", "round": 1, "draft": 1, "sha256": SHA}
    given.shown.tell("dispatch", "reply.drafted.v1", {**draft, "outcome": "solved", "by": "li"}, id)
    given.shown.tell("dispatch", "reply.signed_off.v1", {**draft, "by": "zhou"}, id)
    shows(given, "signed_off", {**DRAFT, "assignment": f"{id}.1"}, id=id)


def shows(given: Given, state: str, *drafts: dict[str, Any], id: str = ISSUE) -> None:
    """What dispatch shows the office of it."""
    given.asked.answers[f"GET /issues/{id}"] = (200, {"id": id, "state": state, "drafts": list(drafts)})


def returned(given: Given, id: str = ISSUE, **more: Any) -> None:
    """Housing says that it is not its matter."""
    held(given, id, **more)
    data = {"assignment": f"{id}.1", "department": "housing", "reason": "路灯归城管局管。", "by": "li"}
    given.shown.tell("dispatch", "assignment.returned.v1", data, id)


def appealed(given: Given, id: str = ISSUE, **more: Any) -> None:
    """Wang did not accept it, and its raiser appealed."""
    given.registered(id, **more)
    no = {
        "ground": "litigation",
        "explanation": "已由法院立案。",
        "by": "wang",
        "appeal_until": stamp(AT + MONTH),
    }
    given.shown.tell("intake", "issue.rejected.v1", no, id)
    given.shown.tell("intake", "issue.appealed.v1", {"person": "p", "due_at": stamp(AT + MONTH)}, id)
    said = {"id": id, "title": TITLE, "text": TEXT, "appeal": {"reason": "官司是另一件事。"}}
    given.asked.answers[f"GET /issues/{id}"] = (200, said)


def dissatisfied(given: Given, id: str = ISSUE, **more: Any) -> None:
    """A reply is out, and its raiser asks for another round."""
    held(given, id, **more)
    draft = {
        "assignment": f"{id}.1",
        "department": "housing",
        "round": 1,
        "draft": 1,
        "sha256": SHA,
        "outcome": "solved",
    }
    given.shown.tell("dispatch", "reply.drafted.v1", {**draft, "by": "li"}, id)
    out = {**draft, "outcome_class": "A", "text": "路灯已经装好。", "by": "chen"}
    given.shown.tell("dispatch", "reply.released.v1", out, id)
    given.shown.tell("feedback", "rating.invited.v1", {"round": 1, "open_until": stamp(AT + MONTH)}, id)
    rated = {"round": 1, "satisfaction": "dissatisfied", "solved": "no", "reason": "还是黑的"}
    given.shown.tell("feedback", "reply.rated.v1", rated, id)
    given.shown.tell("feedback", "rework.asked.v1", {"round": 1, "reason": "还是黑的"}, id)


async def sent(given: Given) -> None:
    """Ten seconds pass."""
    given.now += UNDO
    await given.sending.turn()
