"""What goes to discipline inspection is read by nobody here any more, and whatever breaks off is finished."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from services.intake.issue.life import State
from shared.bus.gateway import Request
from tests.unit.intake.given import REJECT
from tests.unit.intake.over_http import LI, OFFICE, Intake
from tests.unit.one_aggregate import after

COMPLAINT = {"body": "discipline_inspection", "addressee": "市纪委监委"}
PETITION = {"body": "letters_and_visits", "addressee": "市信访局", "reason": "属信访事项"}


class Away(Exception):
    """The store is away."""


class Complained(Intake):
    """An issue of li's; ``erased`` are the keys that were deleted, ``breaks`` how often that fails first, ``late``:
    commands lie on the topic and nobody decides them yet."""

    def __init__(self) -> None:
        super().__init__()
        self.erased: list[str] = []
        self.breaks, self.late = 0, False

    async def ask(self, request: Request) -> Mapping[str, Any] | None:
        assert self.erased == [], "the key goes after the referral is recorded"
        if self.late:
            self.asked.append(request)
            return None
        return await super().ask(request)

    async def erase(self, name: str) -> None:
        if self.breaks:
            self.breaks -= 1
            raise Away
        await super().erase(name)
        self.erased.append(name)

    async def refer(self, body: dict[str, str], key: str = "k") -> httpx.Response:
        return await self.about("refer", body, OFFICE, key)


async def complained(state: State = State.REGISTERED) -> Complained:
    intake = Complained()
    await intake.raised()
    if state is State.ACCEPTED:
        assert (await intake.about("accept", {}, OFFICE)).status_code == 200
    elif state is State.REJECTED:
        assert intake.issue.ask(REJECT, after(hours=1), OFFICE)["status"] == "done"
    return intake


@pytest.mark.parametrize("state", [State.REGISTERED, State.ACCEPTED])
async def test_the_key_of_a_complaint_about_an_official_is_deleted_once_it_is_referred(state: State) -> None:
    intake = await complained(state)
    assert (await intake.refer(COMPLAINT)).json() == {"status": "done", "state": "referred"}
    assert intake.erased == [f"issue:{intake.id}"]
    for reader in (LI, OFFICE):
        shown = await intake.shown(reader)
        assert "text" not in shown and shown["erased"]


async def test_the_words_of_every_other_referral_are_kept() -> None:
    intake = await complained()
    assert (await intake.refer(PETITION)).json()["state"] == "referred"
    assert intake.erased == []


@pytest.mark.parametrize("key", ["k", "another"])
async def test_a_deletion_that_was_broken_off_is_finished_when_it_is_asked_for_again(key: str) -> None:
    intake = await complained()
    intake.breaks = 1
    assert (await intake.refer(COMPLAINT)).status_code == 500
    again = await intake.refer(COMPLAINT, key)
    assert again.status_code == (200 if key == "k" else 409)
    assert intake.erased == [f"issue:{intake.id}"]
    assert len([event for event in intake.issue.events if event.type == "issue.referred.v1"]) == 1


async def test_a_referral_that_was_refused_deletes_nothing() -> None:
    intake = await complained(State.REJECTED)
    assert (await intake.refer(COMPLAINT)).status_code == 409
    await intake.forgetting.look_again()
    assert (intake.erased, intake.referrals.entries) == ([], {})


async def test_what_is_referred_after_nobody_waits_for_it_any_more_is_deleted_too() -> None:
    intake = await complained()
    intake.late = True
    assert (await intake.refer(COMPLAINT)).status_code == 202
    await intake.forgetting.look_again()
    assert intake.erased == []
    intake.late = False
    await intake.ask(intake.asked[-1])
    for _ in range(2):
        await intake.forgetting.look_again()
    assert (intake.erased, intake.referrals.entries) == ([f"issue:{intake.id}"], {})


async def test_a_referral_that_cannot_be_written_down_is_not_posted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    intake = await complained()

    async def away(*_: object) -> bool:
        raise Away

    monkeypatch.setattr(intake.referrals, "add", away)
    assert (await intake.refer(COMPLAINT)).status_code == 500
    assert len(intake.asked) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [({**COMPLAINT, "reason": "张科长索贿"}, "malformed"), ({**PETITION, "reason": " "}, "reason_missing")],
)
async def test_a_reason_that_should_not_be_there_or_is_missing_never_stands_on_a_topic(
    body: dict[str, str], reason: str
) -> None:
    intake = await complained()
    refused = await intake.refer(body)
    assert (refused.status_code, refused.json()["reason"]) == (422, reason)
    assert (len(intake.asked), intake.issue.at) == (1, State.REGISTERED)
