"""Which version a publish command makes, and from when on: one rule for departments, staff and routing rules."""

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel
from pydantic_core import to_json

from shared.contract.commands.dispatch import PublishDepartment, PublishRules, PublishStaff
from shared.contract.envelope import time_text
from shared.contract.events.dispatch import DepartmentPublished, RulesPublished, StaffPublished
from shared.domain.decisions import Context, Refusal
from shared.domain.publishing import in_the_past

Published = DepartmentPublished | StaffPublished | RulesPublished
Publish = PublishDepartment | PublishStaff | PublishRules


class Version(NamedTuple):
    """A version's name and when it comes into force; not ``is_new`` when it is the last one, said again."""

    name: str
    in_force_from: datetime
    is_new: bool

    def outcome(self) -> dict[str, object]:
        """What whoever published it reads."""
        outcome: dict[str, object] = {"version": self.name, "in_force_from": time_text(self.in_force_from)}
        return outcome if self.is_new else {**outcome, "unchanged": True}


def next_version(last: Published | None, command: Publish, context: Context) -> Version | Refusal:
    """The version that this command makes. Only a first start may begin one in the past."""
    in_force_from, names = command.in_force_from or context.now, tuple(fields_of(command))
    if last and in_force_from >= last.in_force_from and _content(last, names) == _content(command, names):
        return Version(last.version, last.in_force_from, False)
    if refusal := in_the_past(in_force_from, context):
        return refusal
    return Version(str(int(last.version) + 1) if last else "1", in_force_from, True)


def fields_of(command: Publish) -> dict[str, object]:
    """What a publish command says besides the instant: the event that publishes it has the same fields."""
    return {name: getattr(command, name) for name in type(command).model_fields if name != "in_force_from"}


def _content(entry: BaseModel, names: tuple[str, ...]) -> bytes:
    """As JSON, because the order of a mapping's keys counts too."""
    return to_json([getattr(entry, name) for name in names])
