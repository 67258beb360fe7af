"""An enterprise in intake: written down under its credit code, in revisions; of two clerks the second is told."""

from typing import Any

import pytest

from services.intake.consumer import consumer
from shared.contract.commands.people import RecordEnterprise
from shared.contract.events.people import EnterpriseChanged, EnterpriseRegistered
from shared.contract.words import EnterpriseSize
from tests.unit.one_aggregate import OneAggregate, after
from tests.unit.reference import JURISDICTION

CODE, CLERK = "91110000600037341L", "office:chen"
FIRST = RecordEnterprise(
    name=" 湖州丝绸厂 ",
    trade="纺织",
    size=EnterpriseSize.SMALL,
    district="吴兴区",
    contacts=("a1", "b2", "a1"),
)


def played(code: str = CODE) -> OneAggregate:
    return OneAggregate(consumer(JURISDICTION), f"enterprise:{code}")


def record(enterprise: OneAggregate, **changed: Any) -> dict[str, Any]:
    return enterprise.ask(FIRST.model_copy(update=changed), after(), CLERK)


def test_an_enterprise_is_written_down_and_everybody_is_told_what_is_known() -> None:
    enterprise = played()
    assert record(enterprise)["revision"] == 1
    content = {"name": "湖州丝绸厂", "trade": "纺织", "size": EnterpriseSize.SMALL, "district": "吴兴区"}
    known = {**content, "contacts": ("a1", "b2"), "revision": 1}
    assert enterprise.state.model_dump() == known
    assert enterprise.events == [EnterpriseRegistered(**known, by="chen")]


def test_the_same_again_changes_nothing_whichever_revision_was_read() -> None:
    enterprise = played()
    record(enterprise)
    for revision in (0, 1, 7):
        assert record(enterprise, revision=revision)["unchanged"]
    assert len(enterprise.events) == 1


def test_of_two_clerks_who_read_the_same_the_second_is_told_what_is_current() -> None:
    enterprise = played()
    record(enterprise)
    assert record(enterprise, revision=1, name="湖州丝绸有限公司")["revision"] == 2
    outcome = record(enterprise, revision=1, district="南浔区")
    assert (outcome["status"], outcome["reason"]) == ("refused", "stale_revision")
    assert "2 is current" in outcome["detail"] and "湖州丝绸有限公司" in outcome["detail"]
    assert record(enterprise, revision=2, name="湖州丝绸有限公司", district="南浔区")["revision"] == 3
    assert isinstance(enterprise.events[-1], EnterpriseChanged)


def test_a_change_of_what_was_never_written_down_is_told_so() -> None:
    assert record(played(), revision=4)["reason"] == "stale_revision"


def test_contacts_that_are_left_out_stay() -> None:
    enterprise = played()
    record(enterprise)
    record(enterprise, revision=1, contacts=None, trade="服装")
    assert (enterprise.state.contacts, enterprise.state.trade) == (("a1", "b2"), "服装")
    record(enterprise, revision=2, contacts=(), trade="服装")
    assert enterprise.state.contacts == ()


def test_a_command_delivered_twice_is_done_once_with_the_same_outcome() -> None:
    enterprise = played()
    once = enterprise.command(FIRST, after(), CLERK, "once")
    first = enterprise.answer(once)
    record(enterprise, revision=1, name="湖州丝绸有限公司")
    assert enterprise.answer(once) == first
    assert enterprise.state.name == "湖州丝绸有限公司" and len(enterprise.events) == 2


@pytest.mark.parametrize(("code", "changed"), [("911100006000373410", {}), (CODE, {"name": "  "})])
def test_a_wrong_code_and_a_blank_name_are_refused(code: str, changed: dict[str, Any]) -> None:
    enterprise = played(code)
    assert record(enterprise, **changed)["status"] == "refused"
    assert enterprise.state is None
