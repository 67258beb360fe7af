"""Each type of event makes the rows it should: one example of each, and a test that none is left out."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.portal.projection.rows.table import KNOWN
from shared.contract.event import ORDERS
from shared.contract.registry import EVENTS
from tests.portal.projection.given import AT, AT_MS, ISSUE, Topics, build, rows

DAY_MS = 24 * 3600 * 1000
LATER, LATER_MS = "2026-03-16T09:30:00Z", 1_773_653_400_000
PIECE, NEXT_PIECE = f"{ISSUE}.1", f"{ISSUE}.2"
HASH = "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab"
REFERENCE = "ab" * 32
FIRM = "91330500MA2B4A0Q6C"
OF_A_DRAFT = {"assignment": PIECE, "department": "housing", "round": 1, "draft": 2, "sha256": HASH}
OF_A_CLOCK = {"clock": "promise", "round": 1, "due_at": LATER}
STARTED = {
    **OF_A_CLOCK,
    "started_at": "2026-03-02T01:00:00Z",
    "limit": "10wd",
    "policy": "p",
    "calendar": "c",
}
OF_A_REQUEST = {"assignment": PIECE, "department": "housing", "round": 1, "request": 1}
MORE_TIME = {
    **OF_A_REQUEST,
    "reason": "配件",
    "due_at": LATER,
    "until": "2026-03-20",
    "days": 4,
    "by": "housing/li",
}
OF_A_CO_HANDLER = {"assignment": f"{ISSUE}.c1", "department": "planning", "round": 1}
A_CO_HANDLER = {
    **OF_A_CO_HANDLER,
    "head": "局长",
    "wanted": "是否符合规划",
    "started_at": "2026-03-02T01:00:00Z",
    "due_at": LATER,
    "limit": "3wd",
    "policy": "p",
    "calendar": "c",
    "by": "chen",
}
A_PAUSE = {
    **OF_A_REQUEST,
    "ground": "statutory_procedure",
    "basis": "某法第四条",
    "reason": "须评审",
    "by": "housing/li",
}
RAISED = {
    **OF_A_CLOCK,
    "step": 3,
    "called": "yellow_light",
    "because": "no_answer",
    "policy": "p",
    "calendar": "c",
}


class Example(NamedTuple):
    """One event after some others, and the columns it leaves in some rows."""

    owner: str
    data: Mapping[str, Any]
    expected: Mapping[str, Mapping[str, Any]]
    before: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    subject: str = ISSUE


TALK = "talk:huzhou-weekly-20260316-1"
SUN = {"account": "sun", "name": "孙某", "post": "副市长", "body": "government"}
SAID = {"theme": "用工", "questions": "何时", "place": "市民中心", "capacity": 12, "departments": ["housing"]}
ANNOUNCED = {
    **SAID,
    "series": "weekly",
    "number": 1,
    "level": "city",
    "jurisdiction": "huzhou",
    "on": "2026-03-16",
    "starts_at": LATER,
    "ends_at": "2026-03-16T11:30:00Z",
    "wait_until": "2026-03-23T09:30:00Z",
    "organiser": "市工商联",
    "leaders": [SUN],
    "by": "feng",
}
PAPER = "paper:huzhou-monthly-2026-02"
FIGURE = {
    "figure": "satisfied",
    "unit": "issue",
    "period": "2026-02",
    "department": "",
    "numerator": 5,
    "denominator": 6,
}
DECIDED = {"number": 1, "issue": ISSUE, "words": "请一周内报方案", "due_on": "2026-03-10"}
HEARD = {
    "edition": 1,
    "meeting": "leaders_meeting",
    "held_on": "2026-03-02",
    "chaired_by": "zhou",
    "words": "听取了月度分析",
    "decisions": [DECIDED],
    "by": "chen",
}
CARD = {"document": "d1", "kind": "yellow_card", "year": 2026, "number": 4}
EXAMPLES: dict[str, Example] = {
    "issue.registered.v1": Example(
        "intake",
        {
            "number": "7K3M-9QXT-2B4N-6C",
            "kind": "suggestion",
            "origin": "hotline",
            "phase": "at",
            "occasion": {"on": "2026-02-27"},
            "urgent": True,
            "enterprise": FIRM,
            "person": REFERENCE,
            "recorded_by": "chen",
            "attachments": [{"hash": HASH, "media_type": "image/jpeg", "bytes": 7}],
        },
        {
            "issue": {
                "number": "7K3M-9QXT-2B4N-6C",
                "jurisdiction": "huzhou",
                "kind": "suggestion",
                "origin": "hotline",
                "phase": "at",
                "occasion": '{"on":"2026-02-27"}',
                "urgent": 1,
                "anonymous": 0,
                "person": REFERENCE,
                "recorded_by": "chen",
                "enterprise": FIRM,
                "registered_at": AT_MS,
                "month": "2026-03",
                "intake_state": "registered",
                "state": "registered",
                "ended_at": None,
                "department": "",
            }
        },
    ),
    "promise.started.v1": Example(
        "intake",
        {
            "started_at": "2026-03-02T01:00:00Z",
            "due_at": LATER,
            "limit": "10wd",
            "provisional_because": "year_not_published",
            "policy": "default-1",
            "calendar": "2026-abc",
        },
        {
            "issue": {
                "promised_at": LATER_MS,
                "promise_limit": "10wd",
                "provisional": "year_not_published",
                "policy": "default-1",
                "calendar": "2026-abc",
                "due_at": LATER_MS,
            }
        },
    ),
    "issue.accepted.v1": Example(
        "intake",
        {
            "title": "路灯不亮",
            "text": "北门外",
            "by": "chen",
            "corrected": {"version": 2, "title": "路灯坏了", "text": "南门外"},
        },
        {
            "issue": {
                "state": "accepted",
                "accepted_at": AT_MS,
                "accepted_by": "chen",
                "title": "路灯不亮",
                "text": "北门外",
                "corrected_version": 2,
                "corrected_title": "路灯坏了",
                "corrected_text": "南门外",
            },
            "words": {"issue": ISSUE, "terms": "路灯 灯不 不亮 亮 北门 门外 外 灯坏 坏了 了 南门"},
        },
    ),
    "words.corrected.v1": Example(
        "intake",
        {"version": 3, "title": "路灯", "text": "坏", "by": "chen"},
        {
            "issue": {
                "corrected_version": 3,
                "corrected_at": AT_MS,
                "corrected_title": "路灯",
                "corrected_text": "坏",
            },
            "words": {"terms": "路灯 灯 坏"},
        },
    ),
    "words.confirmed.v1": Example(
        "intake",
        {"version": 1, "person": REFERENCE},
        {"issue": {"confirmed_version": 1, "confirmed_at": AT_MS}},
    ),
    "issue.material_asked.v1": Example(
        "intake",
        {"request": 1, "words": "请补充合同", "ends_at": LATER, "by": "chen"},
        {
            "issue": {
                "state": "awaiting_material",
                "material": 1,
                "material_ends_at": LATER_MS,
                "to_answer": 1,
                "answer_until": LATER_MS,
            },
            "material": {"request": 1, "words": "请补充合同", "asked_at": AT_MS, "ends_at": LATER_MS},
        },
    ),
    "issue.material_received.v1": Example(
        "intake",
        {"request": 1, "attachments": [], "person": REFERENCE, "by": ""},
        {
            "issue": {"state": "registered", "to_answer": None},
            "material": {"request": 1, "attachments": "[]", "at": AT_MS, "by": "", "text": None},
        },
    ),
    "issue.material_lapsed.v1": Example(
        "intake",
        {"request": 1},
        {
            "issue": {"state": "registered", "to_answer": None},
            "material": {"request": 1, "ended_at": AT_MS, "at": None},
        },
    ),
    "issue.disclosed.v1": Example(
        "intake",
        {"title": "缺路灯", "text": "夜间不安全", "reply": "已安装", "round": 1, "by": "chen"},
        {
            "issue": {"disclosed": 1},
            "disclosure": {
                "round": 1,
                "title": "缺路灯",
                "text": "夜间不安全",
                "reply": "已安装",
                "disclosed_at": AT_MS,
                "disclosed_by": "chen",
                "restored_at": None,
            },
        },
    ),
    "issue.restored.v1": Example(
        "intake",
        {"reason": "不宜公开", "by": "chen"},
        {
            "issue": {"disclosed": None},
            "disclosure": {"restored_at": AT_MS, "restored_by": "chen", "restored_because": "不宜公开"},
        },
    ),
    "issue.material_supplied.v1": Example(
        "intake",
        {"request": 2, "department": "housing", "question": "请补充图纸", "text": "见附件", "by": ""},
        {
            "issue": {"supplied": 2, "to_answer": None},
            "answer": {
                "request": 2,
                "department": "housing",
                "text": "见附件",
                "attachments": "[]",
                "by": "",
            },
        },
    ),
    "issue.rejected.v1": Example(
        "intake",
        {"ground": "litigation", "explanation": "已在诉讼", "by": "chen", "appeal_until": LATER},
        {
            "issue": {
                "state": "rejected",
                "ended_at": AT_MS,
                "rejected_at": AT_MS,
                "rejected_by": "chen",
                "ground": "litigation",
                "explanation": "已在诉讼",
                "appeal_until": LATER_MS,
            }
        },
    ),
    "issue.appealed.v1": Example(
        "intake",
        {"person": REFERENCE, "due_at": LATER},
        {"issue": {"state": "appealed", "ended_at": None, "appealed_at": AT_MS, "appeal_due_at": LATER_MS}},
    ),
    "appeal.upheld.v1": Example(
        "intake",
        {"reason": "已撤诉", "by": "wang"},
        {
            "issue": {
                "state": "registered",
                "appeal_decided_at": AT_MS,
                "appeal_decided_by": "wang",
                "appeal_reason": "已撤诉",
                "appeal_upheld": 1,
            }
        },
    ),
    "appeal.dismissed.v1": Example(
        "intake",
        {"reason": "仍在诉讼", "by": "wang"},
        {"issue": {"state": "rejected", "appeal_upheld": 0, "appeal_reason": "仍在诉讼", "ended_at": AT_MS}},
    ),
    "issue.referred.v1": Example(
        "intake",
        {"body": "court", "addressee": "中院", "reason": "已起诉", "by": "chen"},
        {
            "issue": {
                "state": "referred",
                "ended_at": AT_MS,
                "referred_at": AT_MS,
                "referred_by": "chen",
                "body": "court",
                "addressee": "中院",
                "referral_reason": "已起诉",
            }
        },
    ),
    "referral.receipted.v1": Example(
        "intake",
        {"number": "R-7", "on": "2026-03-05", "by": "chen"},
        {"issue": {"receipt_number": "R-7", "receipt_on": "2026-03-05"}},
    ),
    "issue.withdrawn.v1": Example(
        "intake",
        {
            "person": REFERENCE,
            "by": "chen",
            "reason": "已解决",
            "confirmed_by": "call",
            "confirmed_at": LATER,
            "called_by": "chen",
        },
        {
            "issue": {
                "state": "withdrawn",
                "ended_at": AT_MS,
                "withdrawn_at": AT_MS,
                "withdrawn_by": "chen",
                "withdrawal_reason": "已解决",
                "withdrawal_confirmed_by": "call",
                "withdrawal_confirmed_at": LATER_MS,
            }
        },
    ),
    "issue.assigned.v1": Example(
        "dispatch",
        {
            "assignment": PIECE,
            "department": "housing",
            "head": "局长",
            "chosen_by": "rule",
            "rules": "r1",
            "terms": ["路灯"],
            "confidence": 0.5,
            "by": "chen",
        },
        {
            "issue": {
                "state": "assigned",
                "holder": "housing",
                "department": "housing",
                "assignment": PIECE,
                "handler": "",
                "assigned_first_at": AT_MS,
            },
            "assignment": {
                "id": PIECE,
                "department": "housing",
                "round": 1,
                "head": "局长",
                "assigned_at": AT_MS,
                "assigned_by": "chen",
                "chosen_by": "rule",
                "rules": "r1",
                "terms": '["路灯"]',
                "confidence": 0.5,
            },
        },
    ),
    "assignment.signed.v1": Example(
        "dispatch",
        {"assignment": PIECE, "department": "housing", "by": "li"},
        {"issue": {"state": "in_progress"}, "assignment": {"signed_at": AT_MS, "signed_by": "li"}},
    ),
    "assignment.returned.v1": Example(
        "dispatch",
        {"assignment": PIECE, "department": "housing", "reason": "非本局职责", "by": "li"},
        {
            "issue": {"state": "returned"},
            "assignment": {"returned_at": AT_MS, "returned_by": "li", "return_reason": "非本局职责"},
        },
    ),
    "assignment.ruled.v1": Example(
        "dispatch",
        {"assignment": PIECE, "department": "housing", "upheld": True, "reason": "同意", "by": "chen"},
        {
            "issue": {"state": "assigned"},
            "assignment": {"ruled_at": AT_MS, "ruled_by": "chen", "upheld": 1, "ruling_reason": "同意"},
        },
    ),
    "assignment.recalled.v1": Example(
        "dispatch",
        {"assignment": PIECE, "department": "housing", "reason": "误交办", "by": "chen"},
        {
            "issue": {"state": "accepted", "holder": "", "assignment": "", "handler": ""},
            "assignment": {"recalled_at": AT_MS, "recalled_by": "chen", "recall_reason": "误交办"},
        },
    ),
    "handler.named.v1": Example(
        "dispatch",
        {"assignment": PIECE, "department": "housing", "handler": "li", "substitute": "wu", "by": "zhou"},
        {
            "issue": {"handler": "li", "substitute": "wu"},
            "assignment": {
                "handler": "li",
                "substitute": "wu",
                "handler_named_at": AT_MS,
                "handler_named_by": "zhou",
            },
        },
    ),
    "assignment.transferred.v1": Example(
        "dispatch",
        {
            "assignment": NEXT_PIECE,
            "department": "traffic",
            "head": "局长",
            "previous_assignment": PIECE,
            "previous_department": "housing",
            "why": "return",
            "transfers": 1,
            "by": "chen",
        },
        {
            "issue": {"holder": "traffic", "assignment": NEXT_PIECE, "transfers": 1, "state": "assigned"},
            "assignment": {
                "id": NEXT_PIECE,
                "department": "traffic",
                "from_assignment": PIECE,
                "why": "return",
            },
        },
    ),
    "assignment.co_handler_added.v1": Example(
        "dispatch",
        A_CO_HANDLER,
        {
            "issue": {"dispatch_moved_at": AT_MS},
            "co_handler": {
                "id": f"{ISSUE}.c1",
                "department": "planning",
                "round": 1,
                "head": "局长",
                "wanted": "是否符合规划",
                "due_at": LATER_MS,
                "added_at": AT_MS,
                "added_by": "chen",
                "heard_at": None,
            },
        },
    ),
    "assignment.co_handler_heard.v1": Example(
        "dispatch",
        {**OF_A_CO_HANDLER, "agrees": True, "by": "planning/xu"},
        {"co_handler": {"heard_at": AT_MS, "heard_by": "planning/xu", "agrees": 1, "wanted": "是否符合规划"}},
        (("assignment.co_handler_added.v1", A_CO_HANDLER),),
    ),
    "assignment.co_handler_released.v1": Example(
        "dispatch",
        {**OF_A_CO_HANDLER, "because": "person", "reason": "已另行征求意见", "by": "chen"},
        {
            "co_handler": {
                "released_at": AT_MS,
                "released_by": "chen",
                "released_because": "person",
                "release_reason": "已另行征求意见",
                "heard_at": None,
            }
        },
        (("assignment.co_handler_added.v1", A_CO_HANDLER),),
    ),
    "extension.asked.v1": Example(
        "dispatch",
        MORE_TIME,
        {
            "issue": {"extension": 1, "asked": 1, "dispatch_moved_at": AT_MS},
            "request": {
                "what": "extension",
                "number": 1,
                "assignment": PIECE,
                "round": 1,
                "asked_at": AT_MS,
                "asked_by": "housing/li",
                "until_on": "2026-03-20",
                "days": 4,
                "reason": "配件",
            },
        },
    ),
    "extension.granted.v1": Example(
        "dispatch",
        {
            **OF_A_REQUEST,
            "days": 4,
            "original_due_at": LATER,
            "old_due_at": LATER,
            "due_at": LATER,
            "by": "chen",
        },
        {
            "issue": {"extension": None, "asked": 0},
            "request": {"granted": 1, "decided_at": AT_MS, "decided_by": "chen", "days": 4},
        },
        (("extension.asked.v1", MORE_TIME),),
    ),
    "extension.refused.v1": Example(
        "dispatch",
        {**OF_A_REQUEST, "reason": "时间足够", "by": "chen"},
        {"issue": {"extension": None}, "request": {"granted": 0, "refusal": "时间足够"}},
        (("extension.asked.v1", MORE_TIME),),
    ),
    "extension.ended.v1": Example(
        "dispatch",
        {**OF_A_REQUEST, "because": "breached"},
        {
            "issue": {"extension": None},
            "request": {"granted": None, "ended_at": AT_MS, "ended_because": "breached"},
        },
        (("extension.asked.v1", MORE_TIME),),
    ),
    "pause.asked.v1": Example(
        "dispatch",
        A_PAUSE,
        {
            "issue": {"pause": 1, "asked": 1},
            "request": {"what": "pause", "ground": "statutory_procedure", "basis": "某法第四条"},
        },
    ),
    "assignment.enterprise_asked.v1": Example(
        "dispatch",
        {**OF_A_REQUEST, "words": "请补充图纸", "ends_at": LATER, "by": "housing/li"},
        {
            "issue": {"pause": 1, "asked": 1, "question": 1, "question_ends_at": LATER_MS, "to_answer": 1},
            "request": {"what": "pause", "question": 1, "reason": "请补充图纸", "ends_at": LATER_MS},
        },
    ),
    "pause.granted.v1": Example(
        "dispatch",
        {**OF_A_REQUEST, "ground": "waiting_for_entrepreneur", "ends_at": LATER, "by": "chen"},
        {
            "issue": {"pause": None, "paused": 1, "state": "suspended"},
            "request": {"granted": 1, "ends_at": LATER_MS},
        },
        (("pause.asked.v1", A_PAUSE),),
    ),
    "pause.refused.v1": Example(
        "dispatch",
        {**OF_A_REQUEST, "reason": "材料已齐", "by": "chen"},
        {"issue": {"pause": None, "paused": None}, "request": {"granted": 0, "refusal": "材料已齐"}},
        (("pause.asked.v1", A_PAUSE),),
    ),
    "pause.ended.v1": Example(
        "dispatch",
        {**OF_A_REQUEST, "because": "time_over"},
        {
            "issue": {"paused": None, "state": "in_progress"},
            "request": {"ended_at": AT_MS, "ended_because": "time_over"},
        },
        (
            ("pause.asked.v1", A_PAUSE),
            ("pause.granted.v1", {**OF_A_REQUEST, "ground": "force_majeure", "by": "chen"}),
        ),
    ),
    "reply.drafted.v1": Example(
        "dispatch",
        {**OF_A_DRAFT, "outcome": "solved", "by": "li"},
        {
            "issue": {"state": "reviewing", "draft": 2, "draft_round": 1},
            "draft": {
                "number": 2,
                "assignment": PIECE,
                "department": "housing",
                "round": 1,
                "sha256": HASH,
                "outcome": "solved",
                "drafted_at": AT_MS,
                "drafted_by": "li",
            },
        },
    ),
    "reply.signed_off.v1": Example(
        "dispatch",
        {**OF_A_DRAFT, "by": "zhou"},
        {
            "issue": {"dispatch_state": "signed_off"},
            "draft": {"signed_off_at": AT_MS, "signed_off_by": "zhou"},
        },
    ),
    "reply.checked.v1": Example(
        "dispatch",
        {**OF_A_DRAFT, "by": "chen"},
        {"issue": {"dispatch_state": "checked"}, "draft": {"checked_at": AT_MS, "checked_by": "chen"}},
    ),
    "reply.sent_back.v1": Example(
        "dispatch",
        {**OF_A_DRAFT, "reason": "不清楚", "by": "chen"},
        {
            "issue": {"state": "in_progress"},
            "draft": {"sent_back_at": AT_MS, "sent_back_by": "chen", "sent_back_reason": "不清楚"},
        },
    ),
    "reply.released.v1": Example(
        "dispatch",
        {
            **OF_A_DRAFT,
            "outcome": "planned",
            "outcome_class": "B",
            "text": "六月装好",
            "promised_on": "2026-06-30",
            "by": "wang",
        },
        {
            "issue": {
                "state": "replied",
                "replied_round": 1,
                "replied_by": "housing",
                "department": "housing",
                "first_replied_at": AT_MS,
                "last_replied_at": AT_MS,
                "outcome": "planned",
                "outcome_class": "B",
                "promised_on": "2026-06-30",
                "reply_version": 1,
            },
            "draft": {"released_at": AT_MS, "released_by": "wang"},
            "reply": {"round": 1, "version": 1, "draft": 2, "text": "六月装好", "by": "wang", "at": AT_MS},
            "words": {"terms": "六月 月装 装好 好"},
        },
    ),
    "reply.corrected.v1": Example(
        "dispatch",
        {
            "assignment": PIECE,
            "department": "housing",
            "round": 1,
            "version": 2,
            "sha256": HASH,
            "outcome": "planned",
            "text": "七月",
            "promised_on": "2026-07-31",
            "reason": "日期有误",
            "by": "wang",
        },
        {
            "issue": {"reply_version": 2, "promised_on": "2026-07-31", "dispatch_state": None},
            "reply": {"version": 2, "text": "七月", "reason": "日期有误", "draft": None},
        },
    ),
    "clock.started.v1": Example(
        "supervision",
        STARTED,
        {
            "issue": {
                "promise_due_at": LATER_MS,
                "next_clock": "promise",
                "next_due_at": LATER_MS,
                "next_assignment": "",
            },
            "clock": {
                "number": 1,
                "clock": "promise",
                "round": 1,
                "started_at": AT_MS,
                "due_at": LATER_MS,
                "term": "10wd",
                "stopped_at": None,
            },
        },
    ),
    "clock.recalculated.v1": Example(
        "supervision",
        {
            **{name: STARTED[name] for name in ("clock", "round", "policy")},
            "calendar": "d",
            "old_due_at": LATER,
            "due_at": "2026-03-18T09:30:00Z",
            "because": "calendar",
            "by": "gu",
        },
        {
            "clock": {
                "due_at": LATER_MS + 2 * DAY_MS,
                "original_due_at": LATER_MS,
                "provisional": None,
                "calendar": "d",
                "began_calendar": "c",
                "renewals": '[["calendar","d"]]',
            },
            "issue": {
                "due_at": LATER_MS + 2 * DAY_MS,
                "promise_due_at": LATER_MS + 2 * DAY_MS,
                "next_due_at": LATER_MS + 2 * DAY_MS,
                "promise_may_move": 0,
                "may_move": 0,
            },
        },
        (("clock.started.v1", {**STARTED, "provisional_because": "year_not_published"}),),
    ),
    "clock.warned.v1": Example(
        "supervision",
        {**OF_A_CLOCK, "threshold": "70%", "late_seconds": 1.5},
        {"clock": {"warned": "70%", "warned_at": AT_MS}},
        (("clock.started.v1", STARTED),),
    ),
    "clock.breached.v1": Example(
        "supervision",
        OF_A_CLOCK,
        {
            "clock": {"breached_at": AT_MS, "stopped_at": None},
            "issue": {"breached": 1, "next_due_at": LATER_MS},
        },
        (("clock.started.v1", STARTED),),
    ),
    "clock.breach_annulled.v1": Example(
        "supervision",
        {**OF_A_CLOCK, "stopped_at": "2026-03-03T01:00:00Z"},
        {
            "clock": {"breached_at": None, "annulled_at": AT_MS, "stopped_at": None},
            "issue": {"breached": 0},
        },
        (("clock.started.v1", STARTED), ("clock.breached.v1", OF_A_CLOCK)),
    ),
    "clock.stopped.v1": Example(
        "supervision",
        {"clock": "promise", "round": 1, "stopped_at": "2026-03-03T01:00:00Z", "breached": False},
        {
            "clock": {"stopped_at": AT_MS + DAY_MS},
            "issue": {"next_clock": None, "next_due_at": None, "next_assignment": None},
        },
        (("clock.started.v1", STARTED),),
    ),
    "explanation.given.v1": Example(
        "supervision",
        {"round": 1, "department": "housing", "words": "图纸在复核", "due_at": LATER, "by": "li"},
        {"clock": {"explained_at": AT_MS}},
        (("clock.started.v1", STARTED), ("clock.breached.v1", OF_A_CLOCK)),
    ),
    "tracking.opened.v1": Example(
        "supervision",
        {"round": 1, "because": "tracked", "department": "housing", "promised_on": "2026-09-30"},
        {"issue": {"listed": "tracked", "look_round": 1, "finding": None}},
    ),
    "tracking.reviewed.v1": Example(
        "supervision",
        {"round": 1, "because": "tracked", "words": "已招标", "next_on": "2026-05-29", "by": "gu"},
        {
            "issue": {
                "listed": "tracked",
                "look_round": 1,
                "looked_at": AT_MS,
                "looked_by": "gu",
                "finding": "not_yet",
                "found": "已招标",
                "look_next_on": "2026-05-29",
                "look_back": None,
            }
        },
    ),
    "look_back.done.v1": Example(
        "supervision",
        {"round": 1, "finding": "kept", "because": "tracked", "words": "已建成", "by": "gu"},
        {
            "issue": {
                "listed": None,
                "finding": "kept",
                "found": "已建成",
                "look_next_on": None,
                "look_back": "kept",
            }
        },
        (("tracking.opened.v1", {"round": 1, "because": "tracked", "department": "housing"}),),
    ),
    "ladder.raised.v1": Example(
        "supervision",
        RAISED,
        {
            "issue": {"ladder_step": 3, "ladder_at": LATER_MS, "ladder_because": "no_answer"},
            "lamp": {
                "number": 1,
                "step": 3,
                "because": "no_answer",
                "department": "",
                "raised_at": LATER_MS,
                "ended_at": None,
                "lifted_at": None,
            },
        },
    ),
    "ladder.ended.v1": Example(
        "supervision",
        {"step": 3, "ended_at": LATER},
        {"lamp": {"step": 3, "ended_at": LATER_MS, "lifted_at": None}},
        (("ladder.raised.v1", RAISED),),
    ),
    "ladder.lifted.v1": Example(
        "supervision",
        {"step": 3, "because": "person", "reason": "已整改", "by": "gu"},
        {
            "issue": {
                "ladder_step": 0,
                "ladder_at": AT_MS,
                "ladder_because": "person",
                "ladder_lifted_at": AT_MS,
            },
            "lamp": {
                "step": 3,
                "lifted_at": AT_MS,
                "lifted_because": "person",
                "lifted_by": "gu",
                "lifted_reason": "已整改",
            },
        },
        (("ladder.raised.v1", RAISED),),
    ),
    "rating.invited.v1": Example(
        "feedback",
        {"round": 1, "open_until": LATER},
        {
            "issue": {
                "feedback_state": "invited",
                "feedback_round": 1,
                "open_until": LATER_MS,
                "invited_first_at": AT_MS,
                "feedback_read": 3,
            },
            "rating": {"round": 1, "invited_at": AT_MS, "open_until": LATER_MS},
        },
    ),
    "reply.rated.v1": Example(
        "feedback",
        {"round": 1, "satisfaction": "dissatisfied", "solved": "no", "reason": "没装"},
        {
            "issue": {"satisfaction": "dissatisfied", "solved": "no", "rated_round": 1, "rated_at": AT_MS},
            "rating": {"satisfaction": "dissatisfied", "solved": "no", "reason": "没装", "rated_at": AT_MS},
        },
    ),
    "rating.lapsed.v1": Example(
        "feedback",
        {"round": 1},
        {"issue": {"feedback_state": "lapsed", "satisfaction": None}, "rating": {"lapsed_at": AT_MS}},
    ),
    "rework.asked.v1": Example(
        "feedback",
        {"round": 1, "reason": "没装"},
        {
            "issue": {"state": "rework_asked"},
            "rating": {"rework_asked_at": AT_MS, "rework_reason": "没装"},
        },
    ),
    "rework.decided.v1": Example(
        "feedback",
        {"round": 2, "reason": "同意", "by": "chen"},
        {
            "issue": {"feedback_state": "rework", "feedback_round": 2},
            "rating": {
                "round": 1,
                "rework_decided_at": AT_MS,
                "rework_decided_by": "chen",
                "rework_granted": 1,
                "rework_decision": "同意",
            },
        },
    ),
    "rework.refused.v1": Example(
        "feedback",
        {"round": 1, "reason": "已装", "by": "chen"},
        {
            "issue": {"feedback_state": "rated"},
            "rating": {"round": 1, "rework_granted": 0, "rework_decision": "已装"},
        },
    ),
    "issue.tracked.v1": Example(
        "feedback",
        {"round": 1, "outcome": "planned", "promised_on": "2026-06-30"},
        {
            "issue": {"state": "tracked"},
            "rating": {
                "tracked_at": AT_MS,
                "tracked_outcome": "planned",
                "tracked_promised_on": "2026-06-30",
            },
        },
    ),
    "document.drafted.v1": Example(
        "supervision",
        {**CARD, "step": 3, "round": 1, "department": "housing", "head": "局长", "due_at": LATER},
        {
            "document": {
                "kind": "yellow_card",
                "year": 2026,
                "number": 4,
                "state": "drafted",
                "step": 3,
                "round": 1,
                "department": "housing",
                "head": "局长",
                "drafted_at": AT_MS,
            }
        },
    ),
    "document.issued.v1": Example(
        "supervision",
        {
            **CARD,
            "round": 1,
            "department": "housing",
            "words": "请三日内核查",
            "answer_due_at": LATER,
            "joint": "joint_order",
            "offices": ["party", "government"],
            "across": ["levels"],
            "by": "shen",
        },
        {
            "document": {
                "state": "issued",
                "step": 0,
                "number": 4,
                "issued_at": AT_MS,
                "issued_by": "shen",
                "words": "请三日内核查",
                "answer_due_at": LATER_MS,
                "praise": 0,
                "joint": "joint_order",
                "offices": '["party","government"]',
                "across": '["levels"]',
            }
        },
    ),
    "document.answered.v1": Example(
        "supervision",
        {"document": "d1", "because": "words", "words": "已派员", "by": "li"},
        {"document": {"state": "answered", "answer": "已派员", "answered_by": "li", "answered_at": AT_MS}},
    ),
    "document.voided.v1": Example(
        "supervision",
        {**CARD, "because": "person", "reason": "情有可原", "by": "shen"},
        {
            "document": {
                "state": "void",
                "number": 4,
                "ended_at": AT_MS,
                "ended_because": "person",
                "ended_reason": "情有可原",
                "ended_by": "shen",
            }
        },
    ),
    "document.lift_drafted.v1": Example(
        "supervision", {"document": "d1"}, {"document": {"id": "d1", "lift_drafted_at": AT_MS}}
    ),
    "document.lifted.v1": Example(
        "supervision",
        {"document": "d1", "because": "ended"},
        {"document": {"state": "lifted", "ended_at": AT_MS, "ended_because": "ended", "ended_reason": ""}},
    ),
    "instruction.given.v1": Example(
        "supervision",
        {
            "instruction": 1,
            "department": "housing",
            "assignment": "a1",
            "words": "请现场核实",
            "limit": "5wd",
            "due_at": LATER,
            "by": "qian",
        },
        {
            "instruction": {
                "number": 1,
                "department": "housing",
                "words": "请现场核实",
                "given_at": AT_MS,
                "given_by": "qian",
                "due_at": LATER_MS,
                "reported_at": None,
                "decision": "",
            }
        },
    ),
    "paper.published.v1": Example(
        "feedback",
        {
            "kind": "monthly",
            "period": "2026-02",
            "edition": 1,
            "as_of": "2026-03-02T01:00:00Z",
            "positions": [{"topic": "intake.events", "offsets": [7]}],
            "preface": "本月",
            "figures": [FIGURE],
            "cases": [{"issue": ISSUE, "title": "路灯", "words": "好"}],
            "by": "chen",
        },
        {
            "paper": {
                "id": PAPER[6:],
                "edition": 1,
                "kind": "monthly",
                "supersedes": 0,
                "as_of": AT_MS,
                "figures": json.dumps([FIGURE], separators=(",", ":")),
                "honours": "[]",
                "published_at": AT_MS,
                "published_by": "chen",
                "meeting": None,
            }
        },
        subject=PAPER,
    ),
    "paper.heard.v1": Example(
        "feedback",
        HEARD,
        {
            "paper": {"meeting": "leaders_meeting", "held_on": "2026-03-02", "minutes": "听取了月度分析"},
            "decision": {"paper": PAPER[6:], **DECIDED, "voided_because": None},
        },
        subject=PAPER,
    ),
    "paper.decision_voided.v1": Example(
        "feedback",
        {"edition": 1, "number": 1, "issue": ISSUE, "reason": "illegal_move"},
        {"decision": {"voided_because": "illegal_move", "words": DECIDED["words"]}},
        (("paper.heard.v1", HEARD),),
        PAPER,
    ),
    "instruction.reported.v1": Example(
        "supervision",
        {"instruction": 1, "department": "housing", "words": "已核实", "by": "li"},
        {
            "instruction": {
                "number": 1,
                "reported_at": AT_MS,
                "report": "已核实",
                "reported_by": "li",
                "reported_for": "housing",
            }
        },
    ),
    "instruction.taken_back.v1": Example(
        "supervision",
        {"instruction": 1, "reason": "已听取汇报", "by": "qian"},
        {"instruction": {"number": 1, "taken_back_at": AT_MS, "taken_back_reason": "已听取汇报"}},
    ),
    "issue.closed.v1": Example(
        "feedback",
        {"round": 1, "reason": "ruled_finished", "words": "已建成", "by": "sun"},
        {
            "issue": {
                "state": "closed",
                "ended_at": AT_MS,
                "closed_at": AT_MS,
                "closed_because": "ruled_finished",
                "closed_by": "sun",
                "closed_words": "已建成",
            }
        },
    ),
    "person.registered.v1": Example(
        "intake",
        {"enterprise": FIRM, "language": "en", "recorded_by": "chen"},
        {
            "person": {
                "reference": REFERENCE,
                "jurisdiction": "huzhou",
                "enterprise": FIRM,
                "language": "en",
                "recorded_by": "chen",
                "registered_at": AT_MS,
                "erased_at": None,
            }
        },
        subject=f"person:{REFERENCE}",
    ),
    "person.changed.v1": Example(
        "intake",
        {"enterprise": "", "language": "zh"},
        {"person": {"enterprise": "", "language": "zh", "changed_at": AT_MS}},
        subject=f"person:{REFERENCE}",
    ),
    "person.erased.v1": Example(
        "intake", {}, {"person": {"erased_at": AT_MS}}, subject=f"person:{REFERENCE}"
    ),
    "enterprise.registered.v1": Example(
        "intake",
        {
            "name": "湖州某厂",
            "trade": "纺织",
            "size": "small",
            "contacts": [REFERENCE],
            "revision": 1,
            "by": "chen",
        },
        {
            "enterprise": {
                "code": FIRM,
                "name": "湖州某厂",
                "trade": "纺织",
                "size": "small",
                "contacts": f'["{REFERENCE}"]',
                "revision": 1,
                "registered_at": AT_MS,
            }
        },
        subject=f"enterprise:{FIRM}",
    ),
    "enterprise.changed.v1": Example(
        "intake",
        {"name": "湖州某公司", "revision": 2, "by": "wang"},
        {"enterprise": {"name": "湖州某公司", "revision": 2, "changed_at": AT_MS, "changed_by": "wang"}},
        subject=f"enterprise:{FIRM}",
    ),
    "promise.expected.v1": Example(
        "intake",
        {
            "talk": "huzhou-weekly-20260304-1",
            "talk_ends_at": "2026-03-04T08:00:00Z",
            "due_at": LATER,
            "limit": "10wd",
            "provisional_because": "talk_not_held",
            "policy": "p",
            "calendar": "c",
        },
        {
            "issue": {
                "expected_at": LATER_MS,
                "expected_because": "talk_not_held",
                "promised_at": None,
                "due_at": None,
                "may_move": 0,
            }
        },
    ),
    "talk.announced.v1": Example(
        "intake",
        ANNOUNCED,
        {
            "talk": {
                "id": "huzhou-weekly-20260316-1",
                "state": "announced",
                "theme": "用工",
                "starts_at": LATER_MS,
                "taken": 0,
                "led": 1,
            },
            "talk_leader": {"account": "sun", "led": 1},
        },
        subject=TALK,
    ),
    "talk.changed.v1": Example(
        "intake",
        {**SAID, "theme": "用地", "leaders": [{**SUN, "account": "wu"}], "by": "feng"},
        {
            "talk": {"theme": "用地", "led": 2, "state": "announced"},
            "talk_leader": {"account": "wu", "led": 2},
        },
        (("talk.announced.v1", ANNOUNCED),),
        TALK,
    ),
    "talk.signed_up.v1": Example(
        "intake",
        {"person": REFERENCE, "enterprise": FIRM, "issue": ISSUE, "taken": 1},
        {
            "talk": {"taken": 1},
            "talk_participant": {"how": "signed_up", "enterprise": FIRM, "issue": ISSUE, "signed_at": AT_MS},
        },
        subject=TALK,
    ),
    "talk.named.v1": Example(
        "intake",
        {"participants": [{"person": REFERENCE, "how": "written"}], "taken": 0, "by": "feng"},
        {"talk_participant": {"how": "written", "enterprise": FIRM}, "talk": {"taken": 0}},
        (("talk.signed_up.v1", {"person": REFERENCE, "enterprise": FIRM, "taken": 1}),),
        TALK,
    ),
    "talk.postponed.v1": Example(
        "intake",
        {
            "starts_at": LATER,
            "ends_at": LATER,
            "wait_until": LATER,
            "old_starts_at": "2026-03-15T09:30:00Z",
            "reason": "防汛",
            "by": "feng",
        },
        {"talk": {"starts_at": LATER_MS, "moved_from": LATER_MS - DAY_MS, "moved_because": "防汛"}},
        subject=TALK,
    ),
    "talk.opened.v1": Example(
        "intake", {"by": "lu"}, {"talk": {"state": "open", "opened_at": AT_MS}}, subject=TALK
    ),
    "talk.attended.v1": Example(
        "intake",
        {"attendees": [{"person": REFERENCE, "how": "named", "enterprise": FIRM}], "by": "lu"},
        {"talk_participant": {"how": "named", "attended": 1}},
        (("talk.named.v1", {"participants": [{"person": REFERENCE, "how": "written"}], "taken": 0}),),
        TALK,
    ),
    "talk.held.v1": Example(
        "intake",
        {"attended": [REFERENCE], "issues": [ISSUE], "by": "lu"},
        {"talk": {"state": "held", "ended_at": AT_MS, "ended_by": "lu"}},
        subject=TALK,
    ),
    "talk.lapsed.v1": Example(
        "intake", {"issues": []}, {"talk": {"lapsed_at": AT_MS, "state": None}}, subject=TALK
    ),
    "talk.cancelled.v1": Example(
        "intake",
        {"reason": "台风", "by": "feng"},
        {"talk": {"state": "cancelled", "ended_at": AT_MS, "ended_because": "台风"}},
        subject=TALK,
    ),
}

VERSION = {"version": "7", "in_force_from": LATER, "by": "chen"}
VERSIONS: dict[str, tuple[str, str, Mapping[str, Any], str, Mapping[str, Any]]] = {
    "department.published.v1": (
        "dispatch",
        "dept:housing",
        {"name_zh": "住建局", "name_en": "Housing", "level": "city", "head": "局长", "leaders": ["zhou"]},
        "department",
        {"code": "housing", "name_zh": "住建局", "leaders": '["zhou"]', "merged_into": ""},
    ),
    "staff.published.v1": (
        "dispatch",
        "staff:li",
        {"name": "李明", "roles": ["handler"], "level": "city", "department": "housing"},
        "staff",
        {"account": "li", "name": "李明", "roles": '["handler"]', "department": "housing"},
    ),
    "rules.published.v1": (
        "dispatch",
        "rules:huzhou",
        {"fallback": "office", "keywords": {"housing": ["路灯"]}},
        "rules",
        {"version": "7"},
    ),
    "policy.published.v1": (
        "supervision",
        "policy:huzhou",
        {"policy": {"version": "7", "limits": {"promise": "10wd"}}},
        "policy",
        {"version": "7"},
    ),
    "calendar.published.v1": (
        "supervision",
        "calendar:huzhou",
        {"published_through": 2026, "days": []},
        "calendar",
        {"published_through": 2026},
    ),
    "rotation.published.v1": (
        "intake",
        "rotation:huzhou-2026",
        {"weeks": [{"week": 12, "jurisdiction": "huzhou", "level": "city", "leaders": [SUN]}]},
        "rotation",
        {"id": "huzhou-2026", "reason": "", "by": "chen"},
    ),
}


@pytest.mark.parametrize("type", EXAMPLES)
def test_an_event_makes_its_rows(type: str, tmp_path: Path) -> None:
    example = EXAMPLES[type]
    topics = Topics()
    if "words" in example.expected:  # hits are in order of their registration
        topics.tell("intake", "issue.registered.v1", {"number": "7K3M"})
    for name, data in example.before:
        topics.tell(example.owner, name, data, example.subject)
    topics.tell(
        example.owner, type, example.data, example.subject, seen="/huzhou/intake=3,/huzhou/dispatch=9"
    )
    EVENTS[type].read(dict(example.data))  # the example is one that its owner could have told
    database = build(tmp_path, topics.records)
    assert not rows(database, "unreadable")
    for table, expected in example.expected.items():
        found = rows(database, table)
        assert any(expected.items() <= row.items() for row in found), (expected, found)
    newest = [row for row in rows(database, "timeline") if row["type"] == type][-1]
    assert (newest["subject"], newest["type"], newest["at"]) == (example.subject, type, AT_MS)
    assert json.loads(newest["data"]) == dict(example.data)


@pytest.mark.parametrize("type", VERSIONS)
def test_a_version_of_reference_data_makes_its_row(type: str, tmp_path: Path) -> None:
    owner, subject, data, table, expected = VERSIONS[type]
    topics = Topics()
    topics.version(owner, type, subject, {**data, **VERSION}, seq=4)
    EVENTS[type].read({**data, **VERSION})
    (row,) = rows(build(tmp_path, topics.records), table)
    assert row | expected == row
    assert (row["in_force_from"], row["seq"], row["jurisdiction"]) == (LATER_MS, 4, "huzhou")
    assert json.loads(row["data"]) == {**data, **VERSION}


def test_every_type_that_makes_rows_has_an_example_and_is_in_the_contract() -> None:
    told = {type for type, shape in EVENTS.items() if shape.topic != ORDERS}
    assert {*EXAMPLES, *VERSIONS} == KNOWN <= told


def test_what_a_late_event_takes_back_leaves_the_lower_step_and_no_lift(tmp_path: Path) -> None:
    topics = Topics()
    topics.tell("supervision", "ladder.raised.v1", RAISED)
    topics.tell("supervision", "ladder.lifted.v1", {"step": 3, "to": 2, "because": "annulled"})
    (issue,) = rows(build(tmp_path, topics.records), "issue")
    assert (issue["ladder_step"], issue["ladder_because"], issue["ladder_lifted_at"]) == (2, "annulled", None)


@pytest.mark.parametrize("size", [1, 500])
def test_every_step_is_kept_with_when_it_came_down_and_what_ends_reaches_no_higher(
    tmp_path: Path, size: int
) -> None:
    topics = Topics()
    for step in (1, 2, 4):
        topics.tell("supervision", "ladder.raised.v1", {**RAISED, "step": step, "department": "housing"})
    topics.tell("supervision", "ladder.ended.v1", {"step": 2, "ended_at": LATER})
    topics.tell("supervision", "ladder.ended.v1", {"step": 4, "ended_at": "2026-03-17T09:30:00Z"})
    topics.tell("supervision", "ladder.lifted.v1", {"step": 4, "to": 1, "because": "annulled"})
    topics.tell("supervision", "ladder.raised.v1", {**RAISED, "step": 2})
    topics.tell("supervision", "ladder.lifted.v1", {"step": 2, "because": "ended"})
    lamps = rows(build(tmp_path, topics.records, size), "lamp")
    ended = (LATER_MS, LATER_MS, LATER_MS + DAY_MS, None)
    because = ("ended", "annulled", "annulled", "ended")
    assert [(one["step"], one["ended_at"], one["lifted_because"]) for one in lamps] == [
        (step, at, why) for step, at, why in zip((1, 2, 4, 2), ended, because, strict=True)
    ]


def test_a_clock_that_runs_on_after_an_appeal_is_the_same_one(tmp_path: Path) -> None:
    topics = Topics()
    topics.tell("supervision", "clock.started.v1", STARTED)
    stopped = {"clock": "promise", "round": 1, "stopped_at": "2026-03-03T01:00:00Z", "breached": False}
    topics.tell("supervision", "clock.stopped.v1", stopped)
    resumed = {**STARTED, "resumed_at": "2026-03-05T01:00:00Z", "due_at": "2026-03-18T09:30:00Z"}
    topics.tell("supervision", "clock.started.v1", resumed)
    (clock,) = rows(build(tmp_path, topics.records), "clock")
    assert (clock["number"], clock["stopped_at"], clock["due_at"]) == (1, None, LATER_MS + 2 * DAY_MS)


def test_a_clock_that_starts_anew_after_a_recall_is_another_one_and_the_first_due_date_stays(
    tmp_path: Path,
) -> None:
    topics = Topics()
    assign = {**STARTED, "clock": "assign"}
    topics.tell("supervision", "clock.started.v1", assign)
    stopped = {"clock": "assign", "round": 1, "stopped_at": "2026-03-03T01:00:00Z", "breached": False}
    topics.tell("supervision", "clock.stopped.v1", stopped)
    again = {**assign, "started_at": "2026-03-04T01:00:00Z", "due_at": "2026-03-18T09:30:00Z"}
    topics.tell("supervision", "clock.started.v1", again)
    for size in (1, 3):
        database = build(tmp_path, topics.records, size)
        assert [clock["stopped_at"] for clock in rows(database, "clock")] == [AT_MS + DAY_MS, None]
        (issue,) = rows(database, "issue")
        assert (issue["assign_due_at"], issue["next_due_at"]) == (LATER_MS, LATER_MS + 2 * DAY_MS)


def test_the_clock_due_first_is_the_next_one(tmp_path: Path) -> None:
    topics = Topics()
    topics.tell("supervision", "clock.started.v1", STARTED)
    sign = {**STARTED, "clock": "sign", "assignment": PIECE, "due_at": "2026-03-02T05:00:00Z"}
    topics.tell("supervision", "clock.started.v1", sign)
    (issue,) = rows(build(tmp_path, topics.records), "issue")
    assert (issue["next_clock"], issue["next_assignment"]) == ("sign", PIECE)
    signed = {
        "clock": "sign",
        "round": 1,
        "assignment": PIECE,
        "stopped_at": "2026-03-02T02:00:00Z",
        "breached": False,
    }
    topics.tell("supervision", "clock.stopped.v1", signed)
    (issue,) = rows(build(tmp_path, topics.records), "issue")
    assert (issue["next_clock"], issue["next_assignment"]) == ("promise", "")


def test_an_assigned_issue_in_its_second_round_is_in_rework_until_that_reply_is_out(tmp_path: Path) -> None:
    topics = Topics()
    released = EXAMPLES["reply.released.v1"].data
    topics.tell("dispatch", "reply.released.v1", released)
    topics.tell("feedback", "rework.decided.v1", {"round": 2, "by": "chen"})
    assert rows(build(tmp_path, topics.records), "issue")[0]["state"] == "rework"
    topics.tell(
        "dispatch",
        "reply.drafted.v1",
        {**OF_A_DRAFT, "round": 2, "draft": 3, "outcome": "solved", "by": "li"},
    )
    assert rows(build(tmp_path, topics.records), "issue")[0]["state"] == "reviewing"
    topics.tell(
        "dispatch", "reply.released.v1", {**released, "round": 2, "draft": 3}, at=AT + timedelta(days=1)
    )
    (issue,) = rows(build(tmp_path, topics.records), "issue")
    assert (issue["state"], issue["first_replied_at"], issue["last_replied_at"]) == (
        "replied",
        AT_MS,
        AT_MS + DAY_MS,
    )


def test_who_takes_a_sign_up_back_takes_part_no_more_until_they_sign_up_again(tmp_path: Path) -> None:
    topics, who = Topics(), {"person": REFERENCE}
    topics.tell("intake", "talk.announced.v1", ANNOUNCED, TALK)
    named = {"participants": [{**who, "how": "named", "issue": ISSUE}], "taken": 1, "by": "feng"}
    topics.tell("intake", "talk.named.v1", named, TALK)
    topics.tell("intake", "talk.signed_up.v1", {**who, "withdrawn": True, "taken": 0}, TALK)
    (gone,) = rows(build(tmp_path, topics.records), "talk_participant")
    assert (gone["how"], gone["issue"]) == (None, "")
    topics.tell("intake", "talk.signed_up.v1", {**who, "taken": 1}, TALK)
    database = build(tmp_path, topics.records, 1)
    (back,) = rows(database, "talk_participant")
    assert back["how"] == "signed_up"
    assert rows(database, "talk")[0]["taken"] == 1


def test_an_issue_knows_its_talk_and_what_is_promised_counts_more_than_what_was_expected(
    tmp_path: Path,
) -> None:
    topics = Topics()
    of_a_talk = {"number": "7K3M", "origin": "talk", "phase": "before", "occasion": {"id": TALK[5:]}}
    topics.tell("intake", "issue.registered.v1", of_a_talk)
    topics.tell("intake", "promise.expected.v1", EXAMPLES["promise.expected.v1"].data)
    topics.tell("intake", "promise.started.v1", EXAMPLES["promise.started.v1"].data)
    (issue,) = rows(build(tmp_path, topics.records), "issue")
    assert (issue["talk"], issue["due_at"], issue["expected_at"]) == (TALK[5:], LATER_MS, LATER_MS)
