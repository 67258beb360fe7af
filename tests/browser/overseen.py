"""What a browser is shown of oversight: a question, more time, co-handlers, instructions, documents, look-backs."""

from datetime import timedelta
from typing import Any

from tests.keys import REFERENCES
from tests.portal import department
from tests.portal.given import Given, stamp
from tests.portal.projection.given import AT

ASKED, EXTENDING, PAUSING = "JJJJJJJJJJJJJ", "KKKKKKKKKKKKK", "MMMMMMMMMMMMM"
"""Of what its raiser is asked something, and of what the office decides on more time and on a pause."""
PAUSED, REFERRED = "UUUUUUUUUUUUU", "WWWWWWWWWWWWW"
"""Whose pause was granted, and what was handed on to another body, whose receipt is not here yet."""
CO_HANDLED, OBJECTED, TRACKED = "QQQQQQQQQQQQQ", "SSSSSSSSSSSSS", "TTTTTTTTTTTTT"
"""On what planning is to be heard, against whose draft it objects, and what was promised for later."""
PLANNER = "handler:xu"
TERMS = {"policy": "p", "calendar": "c", "started_at": stamp(AT)}


def overseen(given: Given, going: str) -> None:
    """One issue in each of these states; instructions and documents are about ``going``, which housing has."""
    since = {"version": "2", "in_force_from": stamp(AT - timedelta(days=99)), "by": "system"}
    planner = {**since, "name": "徐宁", "roles": ["handler"], "level": "city", "department": "planning"}
    given.shown.topics.version("dispatch", "staff.published.v1", "staff:xu", planner)
    given.shown.apply()
    _waiting(given)
    _outside(given)
    _co_handled(given)
    _instructed(given, going)
    _papers(given, going)
    _tracked(given)


def _held(given: Given, id: str, title: str, **more: Any) -> dict[str, Any]:
    """Housing has signed for it, and li handles it; what each event about it names."""
    department.assigned(given, id, title, **more)
    about = {"assignment": f"{id}.1", "department": "housing"}
    given.shown.tell("dispatch", "assignment.signed.v1", {**about, "by": "housing/li"}, id)
    department.named(given, "li", "sun", id=id)
    department.dispatch(given, id)
    return {**about, "round": 1}


def _waiting(given: Given) -> None:
    tell, somebody = given.shown.tell, REFERENCES.person("he")
    about = {**_held(given, ASKED, "电价核定材料需要补充什么"), "request": 1, "by": "housing/li"}
    asks = {"words": "请补充变压器铭牌照片和用电合同。", "ends_at": stamp(AT + timedelta(days=7))}
    tell("dispatch", "assignment.enterprise_asked.v1", {**about, **asks}, ASKED)
    about = {
        **_held(given, EXTENDING, "排水管网改造什么时候动工", person=somebody),
        "request": 1,
        "by": "housing/li",
    }
    until = {"until": "2026-03-20", "days": 4, "due_at": stamp(AT + timedelta(days=10))}
    tell("dispatch", "extension.asked.v1", {**about, **until, "reason": "须等雨季方案评审"}, EXTENDING)
    about = {
        **_held(given, PAUSING, "施工许可证为什么迟迟不发", person=somebody),
        "request": 1,
        "by": "housing/li",
    }
    ground = {"ground": "statutory_procedure", "basis": "建筑法第八条", "reason": "等图纸审查意见"}
    tell("dispatch", "pause.asked.v1", {**about, **ground}, PAUSING)
    about = {**_held(given, PAUSED, "围墙外的河道什么时候清淤", person=somebody), "request": 1}
    tell("dispatch", "pause.asked.v1", {**about, **ground, "by": "housing/li"}, PAUSED)
    granted = {**about, "ground": ground["ground"], "basis": ground["basis"], "by": "chen"}
    tell("dispatch", "pause.granted.v1", granted, PAUSED)


def _outside(given: Given) -> None:
    given.registered(REFERRED, person=REFERENCES.person("he"))
    handed_on = {"body": "court", "addressee": "吴兴区法院", "by": "chen"}
    given.shown.tell("intake", "issue.referred.v1", handed_on, REFERRED)


def _co_handled(given: Given) -> None:
    tell, somebody = given.shown.tell, REFERENCES.person("he")
    for id, title in ((CO_HANDLED, "灯杆要不要移位"), (OBJECTED, "厂区大门朝哪边开")):
        _held(given, id, title, person=somebody)
        part = {"assignment": f"{id}.c1", "department": "planning", "round": 1}
        due = {**TERMS, "limit": "3wd", "due_at": stamp(AT + timedelta(days=3))}
        wanted = {"head": "局长", "wanted": "是否影响规划红线", "by": "wang"}
        tell("dispatch", "assignment.co_handler_added.v1", {**part, **due, **wanted}, id)
        tell("supervision", "clock.started.v1", {"clock": "co_handler", **part, **due}, id)
    said = {**part, "agrees": False}
    tell("dispatch", "assignment.co_handler_heard.v1", {**said, "by": "planning/xu"}, OBJECTED)
    department.dispatch(given, OBJECTED)["co_handlers"] = [{**said, "words": "大门占用规划红线，请内移"}]
    department.drafted(given, 1, id=OBJECTED)


def _instructed(given: Given, id: str) -> None:
    due = stamp(AT + timedelta(days=3))
    told = {
        "instruction": 1,
        "department": "housing",
        "assignment": f"{id}.1",
        "limit": "3d",
        "due_at": due,
        "by": "qian",
    }
    told["words"] = "请分管领导三日内到现场核实，并报结果。"
    given.shown.tell("supervision", "instruction.given.v1", told, id)
    clock = {**TERMS, "clock": "instruction", "round": 1, "due_at": due, "limit": "3d"}
    given.shown.tell("supervision", "clock.started.v1", clock, id)


def _papers(given: Given, id: str) -> None:
    """An order that is to be answered, and the record of an interview that waits for a signature."""
    known = {"year": 2026, "number": 1, "round": 1, "department": "housing"}
    order = {
        "document": "d1",
        "kind": "supervision_order",
        "by": "zhao",
        "words": "请三日内到现场核查，并书面说明。",
    }
    due = {"answer_due_at": stamp(AT + timedelta(days=2))}
    given.shown.tell("supervision", "document.issued.v1", {**known, **order, **due}, id)
    talk = {"document": "d2", "kind": "interview", "by": "", "step": 4, "due_at": stamp(AT)}
    given.shown.tell("supervision", "document.drafted.v1", {**known, **talk}, id)


def _tracked(given: Given) -> None:
    tell = given.shown.tell
    about = _held(given, TRACKED, "停车场扩建什么时候完工", person=REFERENCES.person("he"))
    reply = {**about, "draft": 1, "sha256": "a" * 64, "outcome_class": "B", "by": "chen"}
    planned = {"outcome": "planned", "promised_on": "2027-03-01"}
    tell("dispatch", "reply.released.v1", {**reply, **planned, "text": "列入明年计划。"}, TRACKED)
    tell("feedback", "rating.invited.v1", {"round": 1, "open_until": stamp(AT + timedelta(days=14))}, TRACKED)
    tell("feedback", "rating.lapsed.v1", {"round": 1}, TRACKED)
    tell("feedback", "issue.tracked.v1", {"round": 1, **planned}, TRACKED)
    opened = {"round": 1, "because": "tracked", "department": "housing"}
    tell("supervision", "tracking.opened.v1", opened, TRACKED)
    clock = {
        **TERMS,
        "clock": "tracking",
        "round": 1,
        "limit": "90d",
        "due_at": stamp(AT - timedelta(days=1)),
    }
    tell("supervision", "clock.started.v1", clock, TRACKED)
