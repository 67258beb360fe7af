"""Wrong effects on a reply: a signature, a check or a release under a text that nobody read."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from services.dispatch.departments_gateway import translate
from services.dispatch.issue.life import Draft, State
from shared.bus.records import Outgoing, Record
from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    CheckReply,
    DraftReply,
    ReleaseReply,
    SendBackReply,
    SignAssignment,
    SignOffReply,
)
from shared.contract.envelope import seal
from shared.contract.replies import DepartmentDrafts
from shared.contract.words import Outcome
from tests.faults.given import given
from tests.unit.dispatch.given import FIRST, HANDLER, ISSUE, LEADER, OFFICE, Dispatch
from tests.unit.one_aggregate import after
from tests.unit.reference import JURISDICTION

CLICKS: dict[str, tuple[type[Command], str]] = {
    "sign_off": (SignOffReply, LEADER),
    "check": (CheckReply, OFFICE),
    "send_back": (SendBackReply, OFFICE),
    "release": (ReleaseReply, OFFICE),
}
WAY = ("sign_off", "check", "release")
SUBJECT = "7K3M9QXT2B4N6"
"""An issue's id as departments must write it."""


async def _click(dispatch: Dispatch, verb: str, draft: Draft | None = None, **other: Any) -> str:
    """What a page sends on which somebody read this draft, by itself the present one; its status."""
    shape, actor = CLICKS[verb]
    read = draft or dispatch.state.current_draft
    reason = {"reason": "请写明时限"} if verb == "send_back" else {}
    raw = seal(
        id=f"click-{len(dispatch.events)}-{verb}",
        type=shape.type,
        source=f"/{JURISDICTION}/dispatch",
        subject=ISSUE,
        time=after(hours=1),
        data={"assignment": FIRST, "draft": read.number, "sha256": read.sha256, **reason, **other},
        actor=actor,
    )
    out = Outgoing(dispatch.consumer.commands_topic, ISSUE, raw)
    batch = await dispatch.deliver(dispatch.posted(out, after(hours=1)))
    return str(batch.answers[0].outcome["status"])


async def _draft(dispatch: Dispatch, text: str, *verbs: str) -> Draft:
    """A draft that is handed in and brought on with these clicks."""
    asked = DraftReply(assignment=FIRST, outcome=Outcome.SOLVED, text=text)
    given((await dispatch.ask(asked, after(hours=1), HANDLER))["status"] == "done")
    for verb in verbs:
        given(await _click(dispatch, verb) == "done")
    draft: Draft = dispatch.state.current_draft
    return draft


@pytest.mark.parametrize("verb", WAY)
async def test_a_late_click_does_not_sign_a_draft_that_nobody_read(verb: str) -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    way = WAY[: WAY.index(verb)]
    page = await _draft(dispatch, "first", *way)
    given(await _click(dispatch, "send_back") == "done")
    await _draft(dispatch, "second", *way)
    before = dispatch.state
    assert await _click(dispatch, verb, page) == "refused"
    assert dispatch.state == before


async def test_a_late_click_does_not_send_back_a_draft_that_nobody_read() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    page = await _draft(dispatch, "first", "sign_off")
    given(await _click(dispatch, "send_back") == "done")
    await _draft(dispatch, "second", "sign_off")
    assert await _click(dispatch, "send_back", page) == "refused"
    assert dispatch.state.current_draft.text == "second"


async def test_a_click_with_the_right_number_and_another_hash_is_refused() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    await _draft(dispatch, "first")
    assert await _click(dispatch, "sign_off", sha256="0" * 64) == "refused"


@pytest.mark.parametrize("verb", CLICKS)
def test_a_click_that_does_not_say_which_draft_it_is_about_is_no_command(verb: str) -> None:
    reason = {"reason": "请写明时限"} if verb == "send_back" else {}
    assert not _fits(CLICKS[verb][0], {"assignment": FIRST, **reason})


def _fits(shape: type[BaseModel], data: dict[str, Any]) -> bool:
    try:
        shape.model_validate(data)
    except ValidationError:
        return False
    return True


def _said(id: str, text: str, signed_off_by: str = "") -> list[Outgoing]:
    """What the departments' gateway makes of one draft of a department's own system."""
    drafts = DepartmentDrafts(
        assignment=f"{SUBJECT}.1", round=1, outcome=Outcome.SOLVED, text=text, signed_off_by=signed_off_by
    )
    raw = seal(
        id=id,
        type=drafts.type,
        source=f"/{JURISDICTION}/dept/housing",
        subject=SUBJECT,
        time=after(hours=1),
        data=drafts.model_dump(mode="json"),
    )
    record = Record("dept.housing.replies", 0, 0, 0, SUBJECT.encode(), raw)
    return list(translate(record, f"/{JURISDICTION}/dispatch"))


def test_a_departments_draft_with_its_signature_is_one_command() -> None:
    assert len(_said("m1", "已经修好", signed_off_by="wang")) == 1


async def test_a_signature_that_came_with_a_second_draft_is_not_put_under_the_first() -> None:
    dispatch = Dispatch(SUBJECT)
    await dispatch.open_issues("housing", SUBJECT)
    signs = SignAssignment(assignment=f"{SUBJECT}.1")
    given((await dispatch.ask(signs, after(hours=1), HANDLER))["status"] == "done")
    for out in (*_said("m1", "first"), *_said("m2", "second", signed_off_by="wang")):
        await dispatch.deliver(dispatch.posted(out, after(hours=1)))
    assert [draft.text for draft in dispatch.state.drafts if draft.signed_off_by] in ([], ["second"])
