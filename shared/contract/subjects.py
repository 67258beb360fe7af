"""Kinds of aggregates and their subjects: the prefix says the kind, and a bare id is an issue."""

from typing import NamedTuple


class Kind(NamedTuple):
    """One kind of aggregate: how its subjects begin, and where its HTTP routes stand."""

    prefix: str
    path: str


KINDS: dict[str, Kind] = {
    "issue": Kind("", "issues"),
    "department": Kind("dept:", "departments"),
    "staff": Kind("staff:", "staff"),
    "rules": Kind("rules:", "rules"),
    "policy": Kind("policy:", "policies"),
    "calendar": Kind("calendar:", "calendars"),
}
"""Every kind that exists, in whichever service."""


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
