"""Who signs, checks, sends back or releases names the draft that was read; and who may sign for a department."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.dispatch.issue.life import MOST_TEXTS, State
from shared.answers import STATUS
from shared.contract.commands.dispatch import PublishDepartment
from shared.contract.events.dispatch import ReplyDrafted, ReplySignedOff, Substitute
from shared.domain.decisions import Reason
from shared.language import reason_text
from tests.unit.dispatch.given import (
    ACCEPTED,
    ASKS,
    DRAFT,
    HANDLER,
    HASH,
    OFFICE,
    SIGN_OFF,
    Dispatch,
    published,
)
from tests.unit.one_aggregate import after

READ = {
    "sign_off": State.DRAFTED,
    "check": State.SIGNED_OFF,
    "send_back": State.CHECKED,
    "release": State.CHECKED,
}
SIGNED = DRAFT.model_copy(update={"signed_off_by": "wang"})
HOUSING = PublishDepartment(
    name_zh="市住房和城乡建设局",
    name_en="Housing and Urban-Rural Development Bureau",
    head="市住房和城乡建设局局长",
    leaders=("wang", "sun"),
    handlers=("li", "zhao"),
    substitutes=(Substitute(of="wang", by="qian"), Substitute(of="li", by="zhao")),
)


def refused(outcome: dict[str, Any]) -> str:
    assert outcome["status"] == "refused"
    return str(outcome["reason"])


@pytest.mark.parametrize("other", [{"draft": 2}, {"sha256": "0" * 64}], ids=["number", "hash"])
@pytest.mark.parametrize("verb", READ)
async def test_a_click_about_another_draft_is_refused_and_says_which_one_is_current(
    verb: str, other: dict[str, Any]
) -> None:
    dispatch = await Dispatch().bring(READ[verb])
    before, events, orders = dispatch.state, len(dispatch.events), len(dispatch.orders)
    command, actor = ASKS[verb]
    outcome = await dispatch.ask(command.model_copy(update=other), after(hours=2), actor)
    assert refused(outcome) == "stale_draft"
    assert "number 1" in outcome["detail"]
    assert HASH in outcome["detail"]
    assert (dispatch.state, len(dispatch.events), len(dispatch.orders)) == (before, events, orders)


def test_a_click_about_another_draft_is_a_conflict_with_a_sentence_of_its_own_in_both_languages() -> None:
    assert STATUS.get(Reason.STALE_DRAFT, 409) == 409
    texts = {reason_text("stale_draft", language) for language in ("zh", "en")}
    assert texts.isdisjoint({"stale_draft"})
    assert len(texts) == 2


async def test_a_second_draft_with_the_same_words_is_another_draft() -> None:
    dispatch = await Dispatch().bring(State.DRAFTED)
    await dispatch.walk(("send_back", "draft"))
    assert [draft.sha256 for draft in dispatch.state.drafts] == [HASH, HASH]
    assert (
        refused(await dispatch.ask(SIGN_OFF, after(hours=2), "department_leader:housing/wang"))
        == "stale_draft"
    )


async def test_a_client_signs_with_what_drafting_answered() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    drafted = await dispatch.ask(DRAFT, after(hours=1), HANDLER)
    signs = SIGN_OFF.model_copy(update={name: drafted[name] for name in ("draft", "sha256")})
    assert (await dispatch.ask(signs, after(hours=2), "department_leader:housing/wang"))["status"] == "done"


async def test_a_departments_draft_with_its_signature_is_drafted_and_signed_in_one_change() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    batch = await dispatch.deliver(dispatch.message("housing", "m-1", SIGNED))
    outcome = batch.answers[0].outcome
    assert (outcome["state"], outcome["draft"], outcome["sha256"]) == ("signed_off", 1, HASH)
    drafted, signed = dispatch.events[-2:]
    assert isinstance(drafted, ReplyDrafted)
    assert isinstance(signed, ReplySignedOff)
    assert (drafted.by, signed.by) == ("housing", "housing/wang")
    assert (signed.draft, signed.sha256) == (drafted.draft, drafted.sha256) == (1, HASH)
    [draft] = dispatch.state.drafts
    assert (draft.drafted_by, draft.signed_off_by) == ("dept:housing", "department_leader:housing/wang")
    assert dispatch.state.state is State.SIGNED_OFF


@pytest.mark.parametrize(
    ("actor", "reason"), [("office:wang", "wrong_role"), ("handler:transport/zhao", "not_the_holder")]
)
async def test_nobody_else_signs_along_for_a_department(actor: str, reason: str) -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    assert refused(await dispatch.ask(SIGNED, after(hours=1), actor)) == reason


@pytest.mark.parametrize("actor", [HANDLER, "department_leader:housing/sun"])
async def test_over_http_nobody_writes_anothers_name_under_a_draft(actor: str) -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    before = dispatch.state
    outcome = await dispatch.ask(SIGNED, after(hours=1), actor, f"http/{actor}/draft/issue-1/1")
    assert refused(outcome) == "wrong_role"
    assert dispatch.state == before


@pytest.mark.parametrize("verb", ["check", "release"])
async def test_who_signed_in_the_departments_own_system_may_not_let_it_out(verb: str) -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    await dispatch.deliver(dispatch.message("housing", "m-1", SIGNED))
    if verb == "release":
        await dispatch.walk(("check",))
    assert refused(await dispatch.ask(ASKS[verb][0], after(hours=2), "office:wang")) == "same_person"


# ------------------------------------------------------------- who may sign


async def named(*way: str) -> Dispatch:
    """An issue of housing, which names its leaders, after these steps."""
    dispatch = await published("housing")
    await dispatch.ask(HOUSING, after(), OFFICE, subject="dept:housing")
    await dispatch.register()
    await dispatch.walk((ACCEPTED, *way))
    return dispatch


@pytest.mark.parametrize(
    ("person", "status"), [("wang", "done"), ("sun", "done"), ("qian", "done"), ("zhao", "refused")]
)
async def test_only_a_leader_whom_the_directory_names_or_a_substitute_signs_off(
    person: str, status: str
) -> None:
    dispatch = await named("assign", "sign", "draft")
    outcome = await dispatch.ask(SIGN_OFF, after(hours=2), f"department_leader:housing/{person}")
    assert outcome["status"] == status
    if status == "refused":
        assert outcome["reason"] == "wrong_role"
        assert "qian, sun, wang" in outcome["detail"]


async def test_a_draft_whose_signature_is_not_allowed_is_refused_whole_and_once() -> None:
    dispatch = await named("assign", "sign")
    colleague = DRAFT.model_copy(update={"signed_off_by": "zhao"})
    before, events = dispatch.state, len(dispatch.events)
    await dispatch.deliver(dispatch.message("housing", "m-1", colleague))
    assert dispatch.told_to("housing").count("order.refused.v1") == 1
    assert (dispatch.orders[-1][2]["message"], dispatch.orders[-1][2]["reason"]) == ("m-1", "wrong_role")
    assert (dispatch.state, len(dispatch.events)) == (before, events)
    assert (dispatch.state.state, dispatch.state.drafts) == (State.IN_PROGRESS, ())
    await dispatch.deliver(dispatch.message("housing", "m-2", SIGNED))
    assert dispatch.state.state is State.SIGNED_OFF


async def test_a_signature_is_a_persons_and_never_a_systems() -> None:
    dispatch = await Dispatch().bring(State.DRAFTED)
    assert refused(await dispatch.ask(SIGN_OFF, after(hours=2), "dept:housing")) == "wrong_role"


async def test_after_fifty_drafts_the_next_one_is_kept_too_and_only_the_oldest_text_is_let_go() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    for number in range(1, MOST_TEXTS + 2):
        drafted = await dispatch.ask(DRAFT, after(hours=1 + number / 100), HANDLER)
        assert drafted["draft"] == number
        names = {name: drafted[name] for name in ("draft", "sha256")}
        back = ASKS["send_back"][0].model_copy(update=names)
        if number <= MOST_TEXTS:
            back_outcome = await dispatch.ask(back, after(hours=1.005 + number / 100), "handler:housing/li")
            assert back_outcome["status"] == "done"
    drafts = dispatch.state.drafts
    assert [draft.number for draft in drafts] == list(range(1, MOST_TEXTS + 2))
    assert [bool(draft.text) for draft in drafts] == [False] + [True] * MOST_TEXTS
    assert {draft.sha256 for draft in drafts} == {HASH}


@pytest.mark.parametrize("name", [" li", "li ", "王 局", "li/../chen"])
def test_who_signed_is_named_as_gateways_name_people(name: str) -> None:
    with pytest.raises(ValidationError):
        type(DRAFT).model_validate({**DRAFT.model_dump(mode="json"), "signed_off_by": name})
