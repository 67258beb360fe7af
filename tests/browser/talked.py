"""Talks that the browser's portal shows: one to come that was moved, one under way, one held by the same leader."""

from datetime import timedelta

from tests.portal.given import Given, stamp
from tests.portal.projection.given import AT, ISSUE
from tests.portal.talks_given import announced, held, of_the_talk, planned, signed_up

COMING, TODAY = "huzhou-weekly-20260304-1", "deqing-weekly-20260302-1"
OPEN, HELD = "huzhou-weekly-20260302-1", "huzhou-weekly-20260225-1"
BEFORE, AFTER, AT_IT = "TTTTTTTTTTTT1", "TTTTTTTTTTTT2", "TTTTTTTTTTTT3"
BATCH = "b1"
OTHERS = ("ab" * 16, "cd" * 16)
CREW = tuple(f"crew{n}" for n in range(1, 9))
"""Those of a second department at the one under way: more than ten people may claim there."""
"""One to come that was moved, one that begins today, one under way, and one that was held."""
PLACES = {
    "federation:feng": (
        "/talks",
        "/talks?level=county&week=2026-W30",
        "/talks/announce",
        "/talks/themes?department=planning",
        f"/talks/{COMING}",
        f"/talks/{COMING}/change",
        f"/talks/{COMING}/postpone",
        f"/talks/{COMING}/appoint",
        f"/talks/{COMING}/name",
        f"/talks/{COMING}/cancel",
        "/talks/results",
        "/talks/results?by=leader",
        "/talks/results?by=talk",
        "/talks/held?level=city",
        "/talks/held?people=1",
        "/talks/ratings",
        "/talks/rotation",
        "/talks/rotation/publish",
        "/talks/rotation/swap",
    ),
    "clerk:lu": (
        f"/talks/{TODAY}/open",
        f"/talks/{OPEN}",
        f"/talks/{OPEN}/attend",
        f"/talks/{OPEN}/hold",
        f"/talks/{OPEN}/opening",
        f"/talks/{OPEN}/room",
        f"/talks/{HELD}/room",
        f"/talks/{OPEN}/claim/{AT_IT}",
        f"/talks/{OPEN}/answer/{AT_IT}",
        f"/talks/{OPEN}/import",
        f"/talks/{HELD}",
        f"/talks/{HELD}/list",
    ),
}
"""The pages of those who organise talks, by whom one has to be."""
ASSIGNED = (
    "/office/assign-many?source=",
    f"/office/assign-many?talk={HELD}",
    f"/office/batches/{BATCH}",
    "/talks/ratings",
)
"""Those of the office, where many are assigned at once."""
OWN = (
    "/talks",
    f"/talks/{COMING}",
    f"/talks/{COMING}/sign-up",
    f"/talks/{COMING}/stay-away",
    f"/talks/{HELD}",
    "/column",
)
"""Those of an entrepreneur, and of everybody."""


def talked(given: Given) -> None:
    """All of it, with the people who organise talks."""
    since = stamp(AT - timedelta(days=99))
    organising = [("feng", "冯雪", "federation", ""), ("lu", "陆鸣", "clerk", "")]
    crew = [(account, f"车{account[-1]}", "handler", "transport") for account in CREW]
    for account, name, role, department in (*organising, *crew):
        official = {"version": "1", "in_force_from": since, "by": "system", "name": name}
        official |= {"roles": [role], "level": "city", "department": department}
        given.shown.topics.version("dispatch", "staff.published.v1", f"staff:{account}", official)
    announced(given, HELD, AT - timedelta(days=5), theme="招工与人才公寓")
    for place, person in enumerate(OTHERS, start=1):
        signed_up(given, HELD, person, place)
    of_the_talk(given, AFTER, HELD, "after", person=OTHERS[0])
    held(given, HELD, OTHERS)
    announced(given, OPEN, AT, departments=["housing", "transport"])
    signed_up(given, OPEN, OTHERS[0])
    of_the_talk(given, BEFORE, OPEN, person=OTHERS[0])
    given.shown.tell("intake", "talk.opened.v1", {"by": "lu"}, f"talk:{OPEN}")
    announced(given, TODAY, AT + timedelta(hours=3), theme="用电增容", level="county", jurisdiction="deqing")
    announced(given, COMING, AT + timedelta(days=2, hours=5), theme="园区道路与物流")
    signed_up(given, COMING, OTHERS[1])
    moved = {"starts_at": stamp(AT + timedelta(days=9)), "ends_at": stamp(AT + timedelta(days=9, hours=2))}
    moved |= {"wait_until": stamp(AT + timedelta(days=16)), "old_starts_at": stamp(AT + timedelta(days=2))}
    given.shown.tell(
        "intake", "talk.postponed.v1", {**moved, "reason": "防汛值守", "by": "feng"}, f"talk:{COMING}"
    )
    for issue in (BEFORE, AFTER):
        given.accepted(issue)
        assigned = {"assignment": f"{issue}.1", "department": "planning", "head": "局长", "by": "wang"}
        given.shown.tell("dispatch", "issue.assigned.v1", assigned, issue)
    public = {
        "title": "园区道路没有路灯",
        "text": "夜间不安全。",
        "reply": "已全部安装。",
        "round": 1,
        "by": "chen",
    }
    given.shown.tell("intake", "issue.disclosed.v1", public, ISSUE)
    members = [{"issue": issue, "department": "planning", "refused": ""} for issue in (BEFORE, AFTER)]
    members[1]["refused"] = "illegal_move"
    batch = f"batch:{BATCH}"
    given.shown.tell("dispatch", "batch.begun.v1", {"members": members, "talk": HELD, "by": "chen"}, batch)
    given.shown.tell("dispatch", "batch.done.v1", {"members": members, "assigned": 1}, batch)
    of_the_talk(given, AT_IT, OPEN, "at", person=OTHERS[0], recorded_by="lu")
    given.accepted(AT_IT)
    given.asked.answers["POST /people/find"] = 200, {"person": OTHERS[0]}
    planned(given, (10, "huzhou"), (10, "deqing"), (11, "huzhou"))
