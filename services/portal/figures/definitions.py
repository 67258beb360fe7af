"""Every figure: what it is called, of what it is a share, and which issues count. Source: loop.md, Figures.

The conditions are SQL over the projection: ``i`` is an issue, ``a`` one of its assignments, ``:as_of`` the instant that
says what is due (ms). docs/figures.md is printed from here. An independent second telling of the same figures is
services/cli/figures; tests compare the two.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Unit = Literal["issue", "assignment"]


class Figure(NamedTuple):
    """A count of issues, or a rate: of those that ``counts`` holds for, those that ``hits`` holds for."""

    name: str
    zh: str
    en: str
    meaning: str
    """In words, for docs/figures.md and the page."""
    meaning_zh: str
    counts: str
    hits: str = ""
    """Empty for a count."""
    unit: Unit = "issue"

    @property
    def is_rate(self) -> bool:
        """Whether it is a share."""
        return bool(self.hits)


class Span(NamedTuple):
    """How long something took, in hours on the wall clock: of which issues, from and to."""

    name: str
    zh: str
    en: str
    meaning: str
    meaning_zh: str
    counts: str
    begins: str
    ends: str


def _alive(due: str) -> str:
    """It fell due while the issue was alive: what ended without a reply before its due date is outside."""
    return f"{due} <= :as_of AND (i.first_replied_at IS NOT NULL OR i.ended_at IS NULL OR i.ended_at > {due})"


def _in_time(done: str, due: str, only: str = "1") -> tuple[str, str]:
    """(counts, hits): what is due, or due and done, of those alone; and what was done by then."""
    return f"({due} <= :as_of AND ({done} IS NOT NULL OR ({_alive(due)})) AND {only})", f"{done} <= {due}"


_PAUSED = "i.paused IS NOT NULL AND i.first_replied_at IS NULL"
"""A pause is in force, and nothing was answered before: nothing of it is due."""
_WAITS = "(i.paused IS NOT NULL OR i.question IS NOT NULL) AND i.first_replied_at IS NULL"
"""Or who raised it is asked, and the clock of who holds it waits."""
_REPLIED = "i.first_replied_at IS NOT NULL"
_HAD_TO_SIGN = "(a.signed_at IS NOT NULL OR (a.returned_at IS NULL AND a.recalled_at IS NULL))"
_SIGNED = _in_time("a.signed_at", "a.sign_due_at")
_KEPT = "a.passed_on_at IS NULL AND a.recalled_at IS NULL"
_IN_REWORK = "(i.feedback_state IN ('rework_asked', 'rework') AND i.state NOT IN ('withdrawn', 'referred'))"

COUNTS: tuple[Figure, ...] = (
    Figure("registered", "登记", "registered", "all issues of the period", "这一时期的全部问题", "1"),
    Figure("replied", "已答复", "replied", "a reply is out", "已经发出答复", _REPLIED),
    Figure(
        "open",
        "未答复",
        "open",
        "no reply is out, and it has not ended without one",
        "还没有答复，也没有以其他方式了结",
        "i.first_replied_at IS NULL AND i.ended_at IS NULL",
    ),
    Figure(
        "rejected",
        "不予受理",
        "rejected",
        "rejected, and no appeal waits",
        "不予受理，且没有等待处理的复核",
        "i.state = 'rejected'",
    ),
    Figure(
        "referred",
        "转送",
        "referred to another body",
        "handed to another body",
        "转送其他机关",
        "i.state = 'referred'",
    ),
    Figure("withdrawn", "撤回", "withdrawn", "taken back", "企业已撤回", "i.state = 'withdrawn'"),
    Figure(
        "tracked",
        "挂账",
        "tracked",
        "a reply promised it for later, or nothing is possible now: it stays in view",
        "答复承诺今后办理或目前暂不具备条件，持续跟踪",
        "i.state = 'tracked'",
    ),
    Figure(
        "breaches",
        "承诺逾期",
        "promise clocks breached",
        "the first round's promise clock was breached, and that was not annulled",
        "首轮答复超过承诺期限，且逾期没有被更正",
        "i.breached = 1",
    ),
    Figure(
        "provisional",
        "暂定期限",
        "provisional dates",
        "the promised date may still move",
        "承诺日期还可能变动",
        "i.may_move = 1",
    ),
)

REWORK = Figure(
    "rework",
    "重新办理",
    "reworked",
    "a new round was granted",
    "已同意重新办理",
    "EXISTS (SELECT 1 FROM rating r WHERE r.issue = i.id AND r.rework_granted = 1)",
)
"""A count for operators alone (docs/metrics.md)."""

RATES: tuple[Figure, ...] = (
    Figure(
        "on_time_assignment",
        "按时交办",
        "assigned on time",
        "the first department was named by the due date, of those due or assigned",
        "期限前确定首个承办部门的，占已到期或已交办的比例",
        *_in_time("i.assigned_first_at", "i.assign_due_at"),
    ),
    Figure(
        "sign_for",
        "按时签收",
        "signed for on time",
        "of those due or signed; one that was returned or recalled unsigned is outside",
        "期限前签收的，占已到期或已签收的比例；未签收即退回或收回的不计",
        f"{_HAD_TO_SIGN} AND {_SIGNED[0]}",
        _SIGNED[1],
        "assignment",
    ),
    Figure(
        "on_time_reply",
        "按时答复（原期限）",
        "replied on time, original due",
        "the first reply by the promised date, of those due or replied",
        "承诺日期前首次答复的，占已到期或已答复的比例",
        *_in_time("i.first_replied_at", "i.promised_at"),
    ),
    Figure(
        "on_time_reply_extended",
        "按时答复（延期后）",
        "replied on time, extended due",
        "the first reply by the date as it was moved, of those due or replied",
        "延期后的日期前首次答复的，占已到期或已答复的比例",
        *_in_time("i.first_replied_at", "i.due_at", f"NOT ({_PAUSED})"),
    ),
    Figure(
        "answered",
        "答复反馈率",
        "assignments answered of those due",
        "answered, however late; one that was passed on or recalled is outside",
        "已到期办件中有答复的，逾期答复也算；转出或收回的不计",
        f"({_alive('a.holding_due_at')}) AND {_KEPT} AND NOT ({_WAITS} AND a.id = i.assignment)",
        "EXISTS (SELECT 1 FROM reply r WHERE r.issue = a.issue AND r.version = 1 AND r.assignment = a.id)",
        "assignment",
    ),
    Figure(
        "participation",
        "参评率",
        "rated of invited",
        "rated in any round, of those ever invited",
        "任何一轮评价过的，占邀请过评价的比例",
        "i.invited_first_at IS NOT NULL",
        "i.satisfaction IS NOT NULL",
    ),
    Figure(
        "satisfied",
        "满意率",
        "satisfied of rated",
        "by the last rating; not rated is never satisfied",
        "按最后一次评价；没有评价的从不算满意",
        "i.satisfaction IS NOT NULL",
        "i.satisfaction = 'satisfied'",
    ),
    Figure(
        "satisfied_or_basically",
        "满意+基本满意",
        "satisfied or basically",
        "by the last rating",
        "按最后一次评价",
        "i.satisfaction IS NOT NULL",
        "i.satisfaction IN ('satisfied', 'basically_satisfied')",
    ),
    Figure(
        "solved",
        "解决率（企业自评）",
        "solved, the raiser's own answer",
        "problems only, by the last rating",
        "只计问题，按最后一次评价中企业自己的回答",
        "i.satisfaction IS NOT NULL AND i.kind = 'problem'",
        "i.solved = 'yes'",
    ),
    Figure(
        "solved_claimed",
        "解决率（部门自报）",
        "solved, as departments claim",
        "problems only, of those answered: the newest reply says solved; to be held against the raiser's own answer",
        "只计问题，已答复的问题中，最近一次答复写明已解决的；供与企业自评对照",
        f"{_REPLIED} AND i.kind = 'problem'",
        "i.outcome = 'solved'",
    ),
    Figure(
        "promises_kept",
        "承诺兑现率（回头看）",
        "promises kept, of look-backs",
        "by the last look-back that found a promise kept or broken",
        "按最后一次有结论的回头看",
        "i.look_back IS NOT NULL",
        "i.look_back = 'kept'",
    ),
)

SPANS: tuple[Span, ...] = (
    Span(
        "first_reply",
        "首次答复用时",
        "time to first reply",
        "from registration to the first reply",
        "从登记到首次答复",
        _REPLIED,
        "i.registered_at",
        "i.first_replied_at",
    ),
    Span(
        "total_time",
        "总用时",
        "total time",
        "from registration to the newest reply, rework included; what is in rework is outside",
        "从登记到最近一次答复，含重新办理；正在重新办理的不计",
        f"{_REPLIED} AND NOT coalesce({_IN_REWORK}, 0)",
        "i.registered_at",
        "i.last_replied_at",
    ),
)

FIGURES: Mapping[str, Figure] = {figure.name: figure for figure in (*COUNTS, *RATES)}
"""Counts and rates by name; spans have no part that can be opened apart."""

NOBODY = "unassigned"
"""The department of issues that none holds or has answered."""
DIMENSIONS: Mapping[str, str] = {
    "departments": f"CASE WHEN i.department = '' THEN '{NOBODY}' ELSE i.department END",
    "months": "i.month",
    "sources": "i.origin",
}
"""By what figures are grouped: the column of an issue."""
