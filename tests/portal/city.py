"""A small city for pages: an issue in every state that some desk meets, told by the events that lead there.

Whatever people said bears ``SCRIPT``, so that a page which does not treat it as text is found out.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.supervision.builtin import builtin_calendar, builtin_policy
from tests.portal.given import WU, Given, known_versions, stamp
from tests.portal.operated import DEAD_LETTER, GAP, measured
from tests.portal.projection.given import AT

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>"
STATES = {
    "registered": "AAAAAAAAAAAAA",
    "awaiting_material": "AAAAAAAAAAAAB",
    "accepted": "BBBBBBBBBBBBB",
    "assigned": "CCCCCCCCCCCCC",
    "in_progress": "DDDDDDDDDDDDD",
    "asked": "DDDDDDDDDDDDE",
    "questioned": "DDDDDDDDDDDDG",
    "suspended": "DDDDDDDDDDDDF",
    "drafted": "EEEEEEEEEEEEE",
    "signed_off": "FFFFFFFFFFFFF",
    "checked": "GGGGGGGGGGGGG",
    "replied": "HHHHHHHHHHHHH",
    "tracked": "HHHHHHHHHHHHJ",
    "rework_asked": "JJJJJJJJJJJJJ",
    "returned": "KKKKKKKKKKKKK",
    "rejected": "MMMMMMMMMMMMM",
    "appealed": "NNNNNNNNNNNNN",
    "closed": "PPPPPPPPPPPPP",
    "late": "QQQQQQQQQQQQQ",
}
"""State -> the issue that is in it."""
HASH = "a" * 64


def fill(given: Given) -> None:
    """Everything there is to see."""
    with given.shown.at_once():
        _people(given)
        known_versions(given)
        for state, id in STATES.items():
            _issue(given, state, id)
        _talks(given)
        public = {"title": SCRIPT, "text": SCRIPT, "reply": SCRIPT, "round": 1, "by": "wang"}
        given.shown.tell("intake", "issue.disclosed.v1", public, STATES["closed"])
        _services(given)


def _people(given: Given) -> None:
    entry = {"version": "1", "in_force_from": stamp(datetime(2011, 1, 1, tzinfo=UTC)), "by": "system"}
    for code in ("housing", "transport"):
        about = {
            "name_zh": f"市{code}局{SCRIPT}",
            "name_en": f"{code}{SCRIPT}",
            "level": "city",
            "head": "局长",
        }
        staff = {"leaders": ["zhou"], "handlers": ["li"]} if code == "housing" else {}
        version = {**entry, **about, **staff}
        given.shown.topics.version("dispatch", "department.published.v1", f"dept:{code}", version)
    people = {
        "chen": ("office", ""),
        "li": ("handler", "housing"),
        "zhou": ("department_leader", "housing"),
        "shen": ("supervisor", ""),
        "sun": ("leader", ""),
        "feng": ("federation", ""),
        "lu": ("clerk", ""),
        "yan": ("operator", ""),
    }
    for account, (role, department) in people.items():
        one = {"name": f"某{account}{SCRIPT}", "roles": [role], "level": "city", "department": department}
        given.shown.topics.version("dispatch", "staff.published.v1", f"staff:{account}", {**entry, **one})
    given.shown.apply()


def _issue(given: Given, state: str, id: str) -> None:
    """One issue, as far as ``state``."""
    tell, draft = given.shown.tell, {"department": "housing", "round": 1, "draft": 1, "sha256": HASH}
    draft |= {"assignment": f"{id}.1"}
    given.registered(id, person=WU)
    if state == "registered":
        return
    if state == "awaiting_material":
        ends = {"ends_at": stamp(AT + timedelta(days=7)), "by": "chen"}
        tell("intake", "issue.material_asked.v1", {"request": 1, "words": SCRIPT, **ends}, id)
        return
    if state in ("rejected", "appealed"):
        ends = {"explanation": SCRIPT, "by": "chen", "appeal_until": stamp(AT + timedelta(days=30))}
        tell("intake", "issue.rejected.v1", {"ground": "litigation", **ends}, id)
        if state == "appealed":
            appeal = {"person": WU, "due_at": stamp(AT + timedelta(days=5)), "reason": SCRIPT}
            tell("intake", "issue.appealed.v1", appeal, id)
        return
    tell("intake", "issue.accepted.v1", {"title": f"{state} {SCRIPT}", "text": SCRIPT, "by": "chen"}, id)
    steps: list[tuple[str, str, str, dict[str, Any]]] = [
        ("assigned", "dispatch", "issue.assigned.v1", {**draft, "head": "局长", "by": "chen"}),
        ("in_progress", "dispatch", "assignment.signed.v1", {**draft, "by": "li"}),
        ("drafted", "dispatch", "reply.drafted.v1", {**draft, "outcome": "solved", "by": "li"}),
        ("signed_off", "dispatch", "reply.signed_off.v1", {**draft, "by": "zhou"}),
        ("checked", "dispatch", "reply.checked.v1", {**draft, "by": "chen"}),
        (
            "",
            "dispatch",
            "reply.released.v1",
            {**draft, "outcome": "solved", "outcome_class": "A", "text": SCRIPT, "by": "chen"},
        ),
        (
            "replied",
            "feedback",
            "rating.invited.v1",
            {"round": 1, "open_until": stamp(AT + timedelta(days=14))},
        ),
        (
            "",
            "feedback",
            "reply.rated.v1",
            {"round": 1, "satisfaction": "dissatisfied", "solved": "no", "reason": SCRIPT},
        ),
        ("rework_asked", "feedback", "rework.asked.v1", {"round": 1, "reason": SCRIPT}),
        ("closed", "feedback", "issue.closed.v1", {"round": 1, "reason": "rework_refused", "remark": SCRIPT}),
    ]
    for reached, owner, type, data in steps:
        if state == "accepted":
            return
        tell(owner, type, data, id)
        if reached == "assigned":
            clock = {
                "clock": "sign",
                "round": 1,
                "assignment": f"{id}.1",
                "department": "housing",
                "limit": "1wd",
            }
            clock |= {
                "started_at": stamp(AT),
                "due_at": stamp(AT + timedelta(minutes=30)),
                "policy": "p",
                "calendar": "c",
            }
            tell("supervision", "clock.started.v1", clock, id)
        if state == "questioned" and reached == "in_progress":
            ends = {"words": SCRIPT, "ends_at": stamp(AT + timedelta(days=7)), "by": "housing/li"}
            question = {"assignment": f"{id}.1", "department": "housing", "round": 1, "request": 1, **ends}
            tell("dispatch", "assignment.enterprise_asked.v1", question, id)
            return
        if state in ("asked", "suspended") and reached == "in_progress":
            _ask_for_time(given, id, state == "suspended")
            return
        if state == "returned" and reached == "in_progress":
            given_back = {**draft, "reason": SCRIPT, "by": "li"}
            tell("dispatch", "assignment.returned.v1", given_back, id)
            return
        if reached == state:
            return
        if state == "tracked" and reached == "replied":
            _track(given, id)
            return
        if state == "late" and reached == "in_progress":
            _late(given, id)
            return


TALKS = {name: f"huzhou-weekly-2026030{day}-1" for name, day in (("announced", 4), ("open", 2), ("held", 1))}
"""State -> the talk that is in it."""


def _talks(given: Given) -> None:
    """One that is to come and was postponed, with a sign-up; one under way; one that was held by the same leader."""
    leader = {"account": "sun", "name": SCRIPT, "post": SCRIPT, "body": "government"}
    for day, (state, id) in zip((2, 0, -1), TALKS.items(), strict=True):
        first = AT + timedelta(days=day, hours=2)
        times = {"starts_at": stamp(first), "ends_at": stamp(first + timedelta(hours=2))}
        times |= {"wait_until": stamp(first + timedelta(days=7))}
        said = {"theme": f"{state} {SCRIPT}", "questions": SCRIPT, "place": SCRIPT, "organiser": SCRIPT}
        more = {
            "series": "weekly",
            "number": 1,
            "level": "city",
            "jurisdiction": "huzhou",
            "on": "2026-03-04",
        }
        by = {"capacity": 12, "leaders": [leader], "departments": ["housing"], "by": "feng"}
        subject, tell = f"talk:{id}", given.shown.tell
        tell("intake", "talk.announced.v1", {**times, **said, **more, **by}, subject)
        signed = {"person": WU, "issue": STATES["accepted"], "taken": 1}
        tell("intake", "talk.signed_up.v1", signed, subject)
        if state == "announced":
            moved = {
                **times,
                "old_starts_at": stamp(first - timedelta(days=7)),
                "reason": SCRIPT,
                "by": "feng",
            }
            tell("intake", "talk.postponed.v1", moved, subject)
            continue
        tell("intake", "talk.opened.v1", {"by": "lu"}, subject)
        if state == "held":
            came = [{"person": WU, "how": "signed_up"}]
            tell("intake", "talk.attended.v1", {"attendees": came, "by": "lu"}, subject)
            tell("intake", "talk.held.v1", {"attended": [WU], "by": "lu"}, subject)
    week = {"week": 10, "jurisdiction": "huzhou", "level": "city", "leaders": [leader]}
    plan = {"version": "1", "in_force_from": stamp(AT - timedelta(days=60)), "weeks": [week], "by": "feng"}
    given.shown.topics.version("intake", "rotation.published.v1", "rotation:huzhou-2026", plan)
    given.shown.apply()


def _track(given: Given, id: str) -> None:
    """What was promised for later stands on the list, and somebody has looked at it once."""
    tell = given.shown.tell
    tell("feedback", "rating.lapsed.v1", {"round": 1}, id)
    tell("feedback", "issue.tracked.v1", {"round": 1, "outcome": "planned"}, id)
    listed = {"round": 1, "because": "tracked", "department": "housing"}
    tell("supervision", "tracking.opened.v1", listed, id)
    clock = {"clock": "tracking", "round": 1, "limit": "90d", "policy": "p", "calendar": "c"}
    clock |= {"started_at": stamp(AT), "due_at": stamp(AT + timedelta(days=90))}
    tell("supervision", "clock.started.v1", clock, id)
    looked = {**listed, "words": SCRIPT, "next_on": "2026-06-01", "by": "shen"}
    tell("supervision", "tracking.reviewed.v1", looked, id)


def _late(given: Given, id: str) -> None:
    """Its promise is broken since half an hour, so that it may be explained, and lifted off the ladder."""
    due = {"clock": "promise", "round": 1, "due_at": stamp(AT + timedelta(minutes=30))}
    by = {"policy": builtin_policy().version, "calendar": builtin_calendar().version}
    runs = {**due, **by, "limit": "10wd", "started_at": stamp(AT - timedelta(days=14))}
    raised = {**due, **by, "step": 1, "called": "reminder", "because": "breach", "department": "housing"}
    given.shown.tell("supervision", "clock.started.v1", runs, id)
    given.shown.tell("supervision", "clock.breached.v1", {**due, "late_seconds": 1.0}, id)
    given.shown.tell("supervision", "ladder.raised.v1", raised, id)
    for number, kind in enumerate(("supervision_order", "interview", "circular"), start=1):
        about = {"document": f"d{number}", "kind": kind, "year": 2026, "number": number, "round": 1}
        about |= {"department": "housing", "head": SCRIPT, "words": SCRIPT, "by": "shen"}
        if kind == "interview":
            drafted = {**about, "step": 4, "due_at": stamp(AT), "by": ""}
            given.shown.tell("supervision", "document.drafted.v1", drafted, id)
            continue
        out = {**about, "answer_due_at": stamp(AT + timedelta(days=2))} if number == 1 else about
        given.shown.tell("supervision", "document.issued.v1", out, id)
    told = {"instruction": 1, "department": "housing", "assignment": f"{id}.1", "words": SCRIPT, "by": "sun"}
    told |= {"limit": "3d", "due_at": stamp(AT + timedelta(days=3))}
    given.shown.tell("supervision", "instruction.given.v1", told, id)


def _ask_for_time(given: Given, id: str, granted: bool) -> None:
    """The department asks for more time and for a pause, which is granted."""
    about = {"assignment": f"{id}.1", "department": "housing", "round": 1, "request": 1}
    asks, tell = {**about, "reason": SCRIPT, "by": "housing/li"}, given.shown.tell
    more = {"due_at": stamp(AT + timedelta(days=14)), "until": "2026-03-20", "days": 4}
    if not granted:
        tell("dispatch", "extension.asked.v1", {**asks, **more}, id)
    pause = {"ground": "statutory_procedure", "basis": SCRIPT}
    tell("dispatch", "pause.asked.v1", {**asks, **pause}, id)
    if granted:
        tell("dispatch", "pause.granted.v1", {**about, **pause, "by": "chen"}, id)


def _services(given: Given) -> None:
    """What services say of drafts, of words before acceptance, and of their own troubles."""
    for state, id in STATES.items():
        issue = {
            "id": id,
            "state": state,
            "title": SCRIPT,
            "text": SCRIPT,
            "version": 1,
            "department": "housing",
        }
        issue |= {
            "assignment": f"{id}.1",
            "drafts": [{"number": 1, "sha256": HASH, "text": SCRIPT, "outcome": "solved"}],
        }
        given.asked.answers[f"GET /issues/{id}"] = (200, issue)
    row = {
        **DEAD_LETTER,
        "reason": SCRIPT,
        "subject": "x",
        "event": SCRIPT,
        "value": SCRIPT,
        "resolved_by": SCRIPT,
    }
    given.asked.answers["GET /health/ready"] = (503, {"missing": [SCRIPT]})
    given.asked.answers["GET /metrics"] = (200, measured())
    given.asked.of("dispatch")["GET /dead-letters"] = (200, {"dead_letters": [row], "next": None})
    given.asked.of("dispatch")[f"GET /dead-letters/{DEAD_LETTER['origin']}"] = (200, row)
    given.asked.of("dispatch")["GET /held"] = (200, {"events": 2, "missing": [GAP]})
    way = {"name": "group", "kind": "dingtalk", "label_zh": SCRIPT, "label_en": SCRIPT}
    for account in ("li", "zhou", "chen", "shen", "sun", "yan"):
        shown = {"offered": [way], "chosen": ["group"]}
        given.asked.of("dispatch")[f"GET /staff/{account}/ways"] = (200, shown)
    refused = {
        "issue": STATES["assigned"],
        "about": SCRIPT,
        "to": "li",
        "way": SCRIPT,
        "tries": 1,
        "why": SCRIPT,
    }
    given.shown.tell("dispatch", "notice.staff_given_up.v1", {**refused, "said": SCRIPT}, "notice:1")
    for name in ("intake", "supervision", "feedback"):
        given.asked.of(name)["GET /dead-letters"] = (200, {"dead_letters": [], "next": None})
        given.asked.of(name)["GET /held"] = (200, {"events": 0, "missing": []})
