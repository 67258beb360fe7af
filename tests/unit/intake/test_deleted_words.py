"""What goes to discipline inspection is read by nobody here any more, and whatever breaks off is finished."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI

from services.intake.issue.life import State
from services.intake.mending import routes
from shared.bus.gateway import Request
from tests.keys import bearer, signed_in
from tests.unit.intake.given import OFFICE, SUBJECT, Played
from tests.unit.one_aggregate import after

COMPLAINT = {"body": "discipline_inspection", "addressee": "市纪委监委"}
PETITION = {"body": "letters_and_visits", "addressee": "市信访局", "reason": "属信访事项"}


class Away(Exception):
    """The store is away."""


class Intake:
    """One issue, asked over HTTP; ``erased`` are the keys that were deleted, ``breaks`` how often that fails first."""

    def __init__(self, state: State = State.REGISTERED) -> None:
        self.issue = Played().walk(state)
        self.erased: list[str] = []
        self.breaks, self.answers, self.asked = 0, True, 0
        app = FastAPI(dependencies=[Depends(signed_in())])
        app.include_router(routes(self, self, self))  # type: ignore[arg-type]
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://intake", headers=bearer(OFFICE))

    async def ask(self, request: Request) -> Mapping[str, Any] | None:
        """The gateway, over the real ``apply``."""
        self.asked += 1
        assert self.erased == [], "the key goes after the referral is recorded"
        outcome = self.issue.ask(request.command, after(), request.actor, request.id)  # type: ignore[arg-type]
        return outcome if self.answers else None

    async def get(self, id: str) -> Mapping[str, Any] | None:
        """The store."""
        return self.issue.stored if id == SUBJECT else None

    async def erase(self, name: str) -> None:
        """The vault."""
        if self.breaks:
            self.breaks -= 1
            raise Away
        self.erased.append(name)

    async def refer(self, body: dict[str, str], key: str = "k") -> httpx.Response:
        return await self.http.post(f"/issues/{SUBJECT}/refer", json=body, headers={"Idempotency-Key": key})


@pytest.mark.parametrize("state", [State.REGISTERED, State.ACCEPTED])
async def test_the_key_of_a_complaint_about_an_official_is_deleted_once_it_is_referred(state: State) -> None:
    intake = Intake(state)
    assert (await intake.refer(COMPLAINT)).json() == {"status": "done", "state": "referred"}
    assert intake.erased == [f"issue:{SUBJECT}"]


async def test_the_words_of_every_other_referral_are_kept() -> None:
    intake = Intake()
    assert (await intake.refer(PETITION)).json()["state"] == "referred"
    assert intake.erased == []


@pytest.mark.parametrize("key", ["k", "another"])
async def test_a_deletion_that_was_broken_off_is_finished_when_it_is_asked_for_again(key: str) -> None:
    intake = Intake()
    intake.breaks = 1
    assert (await intake.refer(COMPLAINT)).status_code == 500
    again = await intake.refer(COMPLAINT, key)
    assert again.status_code == (200 if key == "k" else 409)
    assert intake.erased == [f"issue:{SUBJECT}"]
    assert len([event for event in intake.issue.events if event.type == "issue.referred.v1"]) == 1


async def test_a_referral_that_was_refused_deletes_nothing() -> None:
    intake = Intake(State.REJECTED)
    assert (await intake.refer(COMPLAINT)).status_code == 409
    assert intake.erased == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [({**COMPLAINT, "reason": "张科长索贿"}, "malformed"), ({**PETITION, "reason": " "}, "reason_missing")],
)
async def test_a_reason_that_should_not_be_there_or_is_missing_never_stands_on_a_topic(
    body: dict[str, str], reason: str
) -> None:
    intake = Intake()
    refused = await intake.refer(body)
    assert (refused.status_code, refused.json()["reason"]) == (422, reason)
    assert (intake.asked, intake.issue.at) == (0, State.REGISTERED)
