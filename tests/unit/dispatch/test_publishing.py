"""Publishing departments, staff and routing rules: versions, dates, who may, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.dispatch.builtin import BEGINNING, first_commands
from shared.contract.command import Command
from shared.contract.commands.dispatch import MergeDepartment, PublishDepartment, PublishRules, PublishStaff
from shared.contract.envelope import time_text
from shared.contract.events.dispatch import DepartmentPublished, RulesPublished, StaffPublished, Substitute
from shared.contract.subjects import subject_of
from shared.contract.words import Level, Role
from tests.unit.dispatch.given import OFFICE, Dispatch, published
from tests.unit.one_aggregate import after
from tests.unit.reference import JURISDICTION, builtin_events

ADMINISTRATOR = "administrator:wu"
PARKS = PublishDepartment(
    name_zh="市园林局",
    name_en="Parks Bureau",
    level=Level.CITY,
    parent="urban_management",
    duties=("公园", "绿化"),
    head="市园林局局长",
    leader_in_charge="副市长",
    deputies=("副局长",),
    handlers=("li", "zhao"),
    substitutes=(Substitute(of="li", by="zhao"),),
    phones=("0572-2039817",),
)
CHEN = PublishStaff(name="陈伟", roles=(Role.OFFICE, Role.LEADER), department="office")
RULES = PublishRules(fallback="office", keywords={"housing": ("物业",), "transport": ("公交", "地铁")})
EACH: list[tuple[str, Command, str, object]] = [
    ("dept:parks", PARKS, "name_en", "Parks and Gardens"),
    ("staff:chen", CHEN, "name", "陈巍"),
    (f"rules:{JURISDICTION}", RULES, "fallback", "housing"),
]
each = pytest.mark.parametrize(("subject", "command", "field", "value"), EACH)


def refused(outcome: dict[str, Any]) -> str:
    assert outcome["status"] == "refused"
    return str(outcome["reason"])


@each
async def test_only_a_first_start_begins_a_version_in_the_past(
    subject: str, command: Command, field: str, value: object
) -> None:
    """What was decided since then was decided without it: a replay would decide otherwise."""
    dispatch = Dispatch(subject, own_directory=True)
    past = command.model_copy(update={"in_force_from": BEGINNING})
    assert refused(await dispatch.ask(past, after(), ADMINISTRATOR)) == "date_past"
    assert dispatch.events == []


@each
async def test_a_first_version_of_a_first_start_begins_in_the_past_and_says_everything_it_was_given(
    subject: str, command: Command, field: str, value: object
) -> None:
    dispatch = Dispatch(subject, own_directory=True)
    first = command.model_copy(update={"in_force_from": BEGINNING})
    outcome = await dispatch.ask(first, after(), "system:first-start")
    assert (outcome["version"], outcome["in_force_from"]) == ("1", time_text(BEGINNING))
    [event] = dispatch.events
    told = event.model_dump()
    given = {**first.model_dump(), "version": "1", "by": "first-start"}
    assert {name: told[name] for name in given} == given
    assert dispatch.state.entry == event


@each
async def test_a_version_goes_on_the_compacted_topic_too(
    subject: str, command: Command, field: str, value: object
) -> None:
    dispatch = Dispatch(subject, own_directory=True)
    batch = await dispatch.deliver(dispatch.command(command, after(), ADMINISTRATOR))
    both = [(out.topic, out.key) for out in batch.outgoing]
    assert both == [("dispatch.events", subject), ("dispatch.reference", f"{subject}@1")]


@each
async def test_the_same_entry_again_makes_no_version(
    subject: str, command: Command, field: str, value: object
) -> None:
    dispatch = Dispatch(subject, own_directory=True)
    await dispatch.ask(command, after(), ADMINISTRATOR)
    before = dispatch.state
    for again in (command, command.model_copy(update={"in_force_from": after(days=30)})):
        outcome = await dispatch.ask(again, after(days=1), ADMINISTRATOR)
        assert (outcome["version"], outcome["unchanged"]) == ("1", True)
    assert (dispatch.state, len(dispatch.events)) == (before, 1)


@each
async def test_another_entry_is_the_next_version_and_holds_from_now_on_or_later(
    subject: str, command: Command, field: str, value: object
) -> None:
    dispatch = Dispatch(subject, own_directory=True)
    await dispatch.ask(command, after(), ADMINISTRATOR)
    changed = command.model_copy(update={field: value})
    late = changed.model_copy(update={"in_force_from": after(days=1) - timedelta(seconds=1)})
    assert refused(await dispatch.ask(late, after(days=1), ADMINISTRATOR)) == "date_past"
    assert (await dispatch.ask(changed, after(days=1), ADMINISTRATOR))["version"] == "2"
    back = command.model_copy(update={"in_force_from": after(days=9)})
    outcome = await dispatch.ask(back, after(days=2), ADMINISTRATOR)
    assert (outcome["version"], outcome["in_force_from"]) == ("3", time_text(after(days=9)))
    assert [event.version for event in dispatch.events] == ["1", "2", "3"]  # type: ignore[attr-defined]


@each
@pytest.mark.parametrize("actor", ["entrepreneur:li", "handler:housing/li", "supervisor:sun"])
async def test_nobody_publishes_without_the_right(
    subject: str, command: Command, field: str, value: object, actor: str
) -> None:
    dispatch = Dispatch(subject, own_directory=True)
    assert refused(await dispatch.ask(command, after(), actor)) == "wrong_role"
    assert (dispatch.state, dispatch.events) == (None, [])


@pytest.mark.parametrize("role", [Role.ENTREPRENEUR, Role.DEPARTMENT])
async def test_nobody_is_published_in_a_role_that_is_known_from_elsewhere(role: Role) -> None:
    dispatch = Dispatch("staff:chen", own_directory=True)
    wrong = CHEN.model_copy(update={"roles": (Role.OFFICE, role)})
    outcome = await dispatch.ask(wrong, after(), ADMINISTRATOR)
    assert (refused(outcome), f"{role} is no official's role" in outcome["detail"]) == ("malformed", True)
    assert (dispatch.state, dispatch.events) == (None, [])


@each
async def test_a_version_delivered_twice_is_published_once(
    subject: str, command: Command, field: str, value: object
) -> None:
    dispatch = Dispatch(subject, own_directory=True)
    record = dispatch.command(command, after(), ADMINISTRATOR)
    first, second = await dispatch.deliver(record), await dispatch.deliver(record)
    assert first.answers[0].outcome == second.answers[0].outcome
    assert [out.value for out in first.outgoing] == [out.value for out in second.outgoing]
    assert (len(dispatch.events), dispatch.state.entry.version) == (1, "1")


async def test_what_is_published_is_the_directory_from_its_instant_on() -> None:
    dispatch = Dispatch("dept:parks", own_directory=True)
    await dispatch.ask(PARKS, after(), OFFICE)
    renamed = PARKS.model_copy(update={"name_zh": "市园林绿化局", "in_force_from": after(days=7)})
    await dispatch.ask(renamed, after(days=1), OFFICE)
    names = [
        entry.name_zh if (entry := dispatch.reference.directory(after(days=day)).department("parks")) else ""
        for day in (-1, 0, 6, 7)
    ]
    assert names == ["", "市园林局", "市园林局", "市园林绿化局"]


async def test_the_order_of_the_rules_is_a_part_of_them() -> None:
    dispatch = Dispatch(f"rules:{JURISDICTION}", own_directory=True)
    await dispatch.ask(RULES, after(), OFFICE)
    swapped = RULES.model_copy(update={"keywords": dict(reversed(RULES.keywords.items()))})
    assert (await dispatch.ask(swapped, after(), OFFICE))["version"] == "2"


@pytest.mark.parametrize("code", ["Parks", "", "1parks", "a.b", "园林", "x" * 41])
async def test_a_departments_code_is_fit_to_name_its_topics(code: str) -> None:
    dispatch = Dispatch(f"dept:{code}", own_directory=True)
    assert refused(await dispatch.ask(PARKS, after(), OFFICE)) == "malformed"


@pytest.mark.parametrize(
    ("changes", "reason", "names"),
    [
        ({"fallback": "nobody"}, "unknown_department", "'nobody'"),
        ({"keywords": {"nobody": ("物业",), "noone": ("公交",)}}, "unknown_department", "'nobody', 'noone'"),
        ({"keywords": {"housing": ("物业",), "transport": ("物业",)}}, "malformed", "'物业'"),
        ({"keywords": {"housing": ("物业", " ")}}, "malformed", "keywords.housing"),
    ],
)
async def test_rules_name_departments_of_the_directory_and_give_each_word_to_one(
    changes: dict[str, object], reason: str, names: str
) -> None:
    dispatch = Dispatch(f"rules:{JURISDICTION}", own_directory=True)
    outcome = await dispatch.ask(RULES.model_copy(update=changes), after(), OFFICE)
    assert refused(outcome) == reason
    assert names in outcome["detail"]
    assert dispatch.events == []


async def test_a_first_start_publishes_the_built_in_directory_in_one_batch() -> None:
    dispatch = Dispatch(own_directory=True)
    dispatch.reference.departments.clear()
    await dispatch.deliver(
        *(
            dispatch.command(command, after(), "system:first-start", subject=subject)
            for subject, command in first_commands(JURISDICTION)
        )
    )
    expected = [event for _, event in builtin_events() if event.topic == "dispatch.events"]
    assert dispatch.events == expected
    kinds = {type(event) for event in dispatch.events}
    assert kinds == {DepartmentPublished, RulesPublished}


async def test_an_official_may_belong_to_a_department() -> None:
    dispatch = Dispatch(subject_of("staff", "chen"), own_directory=True)
    await dispatch.ask(CHEN, after(), ADMINISTRATOR)
    [event] = dispatch.events
    assert isinstance(event, StaffPublished)
    assert (event.name, event.roles, event.department) == ("陈伟", ("office", "leader"), "office")


async def test_a_merged_department_is_published_no_more() -> None:
    dispatch = await published("planning", "housing")
    await dispatch.ask(MergeDepartment(into="housing"), after(), OFFICE, subject="dept:planning")
    outcome = await dispatch.ask(PARKS, after(days=1), OFFICE, subject="dept:planning")
    assert (refused(outcome), outcome["legal"]) == ("illegal_move", ["merge"])


@pytest.mark.parametrize(
    "phone", ["2039817", "13812345678", "0572-203981", "0572 2039817", "+86-572-2039817"]
)
def test_only_a_landline_with_its_area_is_published_as_an_offices(phone: str) -> None:
    with pytest.raises(ValidationError):
        PublishDepartment.model_validate({**PARKS.model_dump(), "phones": [phone]})
