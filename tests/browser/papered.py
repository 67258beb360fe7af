"""Papers that the browser's portal shows: one that its meeting has heard, and one that is to be heard."""

from typing import Any

from tests.portal.given import Given
from tests.portal.projection.given import ISSUE

HEARD, PUBLISHED, DUE = "huzhou-monthly-2026-01", "huzhou-monthly-2026-02", "huzhou-yearly-2025"
PLACES = (
    "/papers",
    f"/papers/{HEARD}",
    f"/papers/{PUBLISHED}",
    f"/papers/{PUBLISHED}?edition=1",
    f"/papers/{PUBLISHED}/meeting",
    f"/papers/{DUE}/draft",
    f"/papers/{DUE}/preview",
    "/figures/registered?month=2026-01&through=2026-06",
)
"""Their pages, as the office sees them."""


def papered(given: Given) -> None:
    """Both, with a case and a list, and a decision that waits for its report."""
    figures = [
        {**one, "unit": "issue", "period": "", "department": department, "denominator": bottom}
        for department, bottom in (("", 66), ("housing", 4))
        for one in (
            {"figure": "satisfied", "numerator": bottom - 1},
            {"figure": "registered", "numerator": bottom},
        )
    ]
    listed = {"kind": "official", "who": "li", "department": "housing"}
    listed |= {"numbers": [{"number": "on_time", "value": 7}]}
    honours = [
        {"list": "runners", "rule_zh": "按时答复多者在前", "rule_en": "Most in time", "honoured": [listed]}
    ]
    for id in (HEARD, PUBLISHED):
        period = id[-7:]
        paper: dict[str, Any] = {
            "kind": "monthly",
            "period": period,
            "edition": 1,
            "as_of": "2026-03-01T02:00:00Z",
            "positions": [{"topic": "intake.events", "offsets": [7]}],
            "preface": "本月问题集中在园区配套。",
            "figures": [{**one, "period": period} for one in figures],
            "cases": [{"issue": ISSUE, "title": "园区道路没有路灯", "words": "七日内办成，企业满意"}],
            "honours": honours,
            "by": "chen",
        }
        given.shown.tell("feedback", "paper.published.v1", paper, f"paper:{id}")
    again = {**paper, "edition": 2, "supersedes": 1}
    given.shown.tell("feedback", "paper.published.v1", again, f"paper:{PUBLISHED}")
    decided = {"number": 1, "issue": ISSUE, "words": "请一周内报方案"}
    meeting = {"edition": 1, "meeting": "leaders_meeting", "held_on": "2026-03-02", "chaired_by": "qian"}
    meeting |= {"words": "听取了月度分析。", "decisions": [decided], "by": "chen"}
    given.shown.tell("feedback", "paper.heard.v1", meeting, f"paper:{HEARD}")
