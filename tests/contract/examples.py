"""Builds one full example of any message, always the same: what a new golden file is first written from."""

import types
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from shared.envelope import seal
from shared.events import REPLIES, Event

ISSUE = "iss-0198f2c4-7a11-7c3e-9b52-3f0d5e6a7b81"
ASSIGNMENT = f"{ISSUE}/a1"
DEPARTMENT = "market-supervision"
INSTANT = "2026-11-04T09:30:00Z"
AT = datetime(2026, 11, 4, 9, 30, tzinfo=UTC)
DAY = "2026-11-18"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c0f00a08ab7"

BY_FIELD: dict[str, Any] = {
    "anonymous": False,
    "assignment": ASSIGNMENT,
    "by": "chen",
    "calendar": "cn-2026-1",
    "card": "card-1",
    "clause": "第三条:扩建审批不超过十个工作日。",
    "cluster": "clu-1",
    "credit_code": "91330500MA2B4A0Q6X",
    "department": DEPARTMENT,
    "departments": [DEPARTMENT, "taxation"],
    "detail": "assign is not possible in state closed",
    "document": "policy-2026-12",
    "enterprise": "91330500MA2B4A0Q6X",
    "head": "head-market-supervision",
    "issue": ISSUE,
    "issues": [ISSUE],
    "leader": "mayor",
    "leaders": ["mayor", "chair-cppcc"],
    "legal": ["accept", "reject"],
    "letter": "letter-1",
    "level": "city",
    "limit": "10wd",
    "matter": "mat-1",
    "media_type": "application/pdf",
    "members": [ISSUE, "iss-2"],
    "message": "dept-msg-1",
    "month": "2026-10",
    "number": "HZ-7K3M-9",
    "name": "联系人",
    "phone": "0572-0000000",
    "opinion": "同意,已会同办理。",
    "order": "ord-1",
    "organisation": "street-1",
    "outcome": "planned",
    "outcome_class": "B",
    "period": "2026-10",
    "person": "per-1",
    "place": "Huzhou",
    "policy": "default-1",
    "previous_assignment": f"{ISSUE}/a0",
    "promised_on": DAY,
    "pseudonym": "raiser-1",
    "reason": "需由规划部门先行核定。",
    "request": "req-1",
    "sha256": SHA256,
    "page_sha256": SHA256,
    "document_sha256": SHA256,
    "text": "车间扩建审批卡在哪个环节?请告知。",
    "summary": "询问车间扩建审批进度。",
    "question": "请补充扩建图纸。",
    "theme": "工业用地与扩建",
    "threshold": "70%",
    "title": "车间扩建审批",
    "signed_off_by": "head-market-supervision",
    "version": "huzhou-7",
    "years": [2026, 2027],
}
"""Values that read like the real thing, where a type alone would say too little."""

SUBJECTS = {
    "calendar": "huzhou",
    "circular": "HZ-2026-1",
    "cluster": "clu-1",
    "common_issue": "clu-1",
    "complaint": "cmp-1",
    "deliberation": "del-1",
    "directory": "huzhou",
    "enterprise": "91330500MA2B4A0Q6X",
    "entrepreneur": "per-1",
    "library": "lib-1",
    "matter": "mat-1",
    "paper": "monthly-2026-10",
    "policy": "huzhou",
    "rules": "huzhou",
    "source": "src-1",
    "talk": "talk-1",
}
"""The aggregate, for what is not about one issue, by the type's first word."""


def value_of(name: str, annotation: Any) -> Any:
    """One JSON value for a field: by its name if we have one that fits, else by its type."""
    if name in BY_FIELD and fits(annotation, BY_FIELD[name]):
        return BY_FIELD[name]
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(option for option in get_args(annotation) if option is not type(None))
    if get_origin(annotation) is tuple:
        return [value_of(name, get_args(annotation)[0])]
    if annotation is AwareDatetime:
        return INSTANT
    if annotation is date:
        return DAY
    if issubclass(annotation, Enum):
        return next(iter(annotation)).value
    if issubclass(annotation, BaseModel):
        return data_of(annotation)
    return {bool: True, int: 2, float: 1.5, str: f"{name} in words".replace("_", " ")}[annotation]


def fits(annotation: Any, value: Any) -> bool:
    """True when pydantic would take the value for this annotation."""
    try:
        TypeAdapter(annotation).validate_python(value)
    except ValidationError:
        return False
    return True


def data_of(shape: type[BaseModel]) -> dict[str, Any]:
    """Every field of a model filled in, the optional ones too."""
    return {name: value_of(name, field.annotation) for name, field in shape.model_fields.items()}


def envelope_of(shape: Any) -> bytes:
    """One sealed envelope of a type, as its writer would put it on the bus."""
    is_event = issubclass(shape, Event)
    return seal(
        id=f"example-{shape.type}",
        type=shape.type,
        source=f"/huzhou/{writer_of(shape.topic)}",
        subject=SUBJECTS.get(shape.type.partition(".")[0], ISSUE),
        time=AT,
        data=shape.read(data_of(shape)).model_dump(mode="json"),
        cause="example-cause" if is_event else "",
        seq=3 if is_event else 0,
        previous=SHA256 if is_event else "",
        seen="intake.events=3" if is_event else "",
    )


def writer_of(topic: str) -> str:
    """The last part of ``source`` for a topic: a service, or the department that answers."""
    if topic == REPLIES:
        return f"dept/{DEPARTMENT}"
    return {"dept.<code>.orders": "dispatch", "directives.<county>": "dispatch"}.get(
        topic, "supervision" if topic.startswith("matters.") else topic.partition(".")[0]
    )
