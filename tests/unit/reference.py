"""The built-in reference data as every unit test may know it: policy, calendar, departments, routing rules."""

from datetime import datetime
from functools import lru_cache

from services.dispatch import builtin as dispatch
from services.supervision import builtin as supervision
from shared.contract.command import Command
from shared.contract.commands.dispatch import PublishDepartment, PublishRules
from shared.contract.event import Event
from shared.contract.events.dispatch import DepartmentPublished, RulesPublished
from shared.contract.events.supervision import CalendarPublished, PolicyPublished
from shared.contract.subjects import subject_of
from shared.domain.clocks import Policy
from shared.domain.reference import BEGINNING, Directory, Reference

JURISDICTION = "huzhou"


@lru_cache(maxsize=1)
def builtin_reference() -> Reference:
    """What a first start publishes, learned; shared by all tests, so nobody learns anything into it."""
    return make_reference()


def make_reference(policy: Policy | None = None) -> Reference:
    """A reference of the caller's own, with the built-in data and perhaps another policy."""
    reference = Reference()
    for subject, event in builtin_events(policy):
        reference.learn(subject, event)
    return reference


def builtin_events(policy: Policy | None = None) -> list[tuple[str, Event]]:
    """(subject, event) of every version that a first start publishes."""
    policy, calendar = policy or supervision.builtin_policy(), supervision.builtin_calendar()
    return [
        (
            subject_of("policy", JURISDICTION),
            PolicyPublished(
                version=policy.version, in_force_from=supervision.BEGINNING, policy=policy, by="first-start"
            ),
        ),
        (
            subject_of("calendar", JURISDICTION),
            CalendarPublished(
                version=calendar.version,
                in_force_from=supervision.BEGINNING,
                published_through=calendar.published_through,
                days=tuple(calendar.days.values()),
                by="first-start",
            ),
        ),
        *((subject, _published(command)) for subject, command in dispatch.first_commands(JURISDICTION)),
    ]


def _published(command: Command) -> Event:
    fields = {**command.model_dump(), "version": "1", "by": "first-start"}
    if isinstance(command, PublishDepartment):
        return DepartmentPublished.model_validate(fields)
    assert isinstance(command, PublishRules)
    return RulesPublished.model_validate(fields)


def directory_with_a_phone(at: datetime) -> Directory:
    """A directory in which one department publishes the number of its office."""
    fields = {"name_zh": "住建局", "name_en": "Housing", "level": "city", "head": "局长", "by": "office:chen"}
    fields |= {"version": "1", "in_force_from": BEGINNING, "phones": ("0572-2039817",)}
    reference = Reference()
    reference.learn("dept:housing", DepartmentPublished.model_validate(fields))
    return reference.directory(at)
