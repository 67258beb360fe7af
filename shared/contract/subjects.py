"""Kinds of aggregates and their subjects: the prefix says the kind, and a bare id is an issue."""

from typing import NamedTuple


class SubjectForm(NamedTuple):
    """One kind of aggregate: how its subjects begin, and where its HTTP routes stand."""

    prefix: str
    path: str
    one_each: bool = False
    """Whether a jurisdiction has exactly one, named after it: another name would be a second truth for all."""


KINDS: dict[str, SubjectForm] = {
    "issue": SubjectForm("", "issues"),
    "person": SubjectForm("person:", "people"),
    "enterprise": SubjectForm("enterprise:", "enterprises"),
    "talk": SubjectForm("talk:", "talks"),
    "agenda": SubjectForm("agenda:", "agendas", one_each=True),
    "rotation": SubjectForm("rotation:", "rotations"),
    "notice": SubjectForm("notice:", "notices"),
    "department": SubjectForm("dept:", "departments"),
    "staff": SubjectForm("staff:", "staff"),
    "batch": SubjectForm("batch:", "batches"),
    "alert": SubjectForm("alert:", "alerts"),
    "rating_round": SubjectForm("ratings:", "rating-rounds"),
    "rules": SubjectForm("rules:", "rules", one_each=True),
    "register": SubjectForm("register:", "registers"),
    "policy": SubjectForm("policy:", "policies", one_each=True),
    "calendar": SubjectForm("calendar:", "calendars", one_each=True),
    "paper": SubjectForm("paper:", "papers"),
}
"""Every kind that exists, in whichever service."""
BESIDE_ISSUES = (
    *("person", "enterprise", "talk", "agenda", "rotation"),
    *("batch", "department", "staff", "rules", "notice", "alert"),
)
"""What intake and dispatch own beside issues: who follows issues alone keeps nothing of these."""


def subject_of(kind: str, id: str) -> str:
    """The subject of one aggregate: (department, housing) -> ``dept:housing``; an issue's is its id."""
    return KINDS[kind].prefix + id


def kind_of(subject: str) -> str:
    """The kind a subject names; ``""`` for a prefix that this version does not know."""
    prefix, colon, _ = subject.partition(":")
    if not colon:
        return "issue"
    return next((name for name, kind in KINDS.items() if kind.prefix == f"{prefix}:"), "")


def id_of(subject: str) -> str:
    """The id within its kind: ``dept:housing`` -> ``housing``."""
    return subject.rpartition(":")[2]
