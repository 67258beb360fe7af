"""A link admits to one issue: made for whom it was written down, shown once, good until the next or a revocation."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI

from services.intake.issue.life import State
from services.intake.links import OF_ALL, OF_ONE_ISSUE, WINDOW_SECONDS, Throttle, routes
from shared.bus.gateway import Request
from shared.contract.commands.intake import MakeLink, RevokeLink
from shared.contract.words import Confirmation
from tests.keys import bearer, signed_in
from tests.unit.intake.given import CONFIRMED, OFFICE, ON_BEHALF, RAISER, SUBJECT, Played
from tests.unit.one_aggregate import after

OPERATOR = "operator:wu"
NOWHERE = "0123456789ABC"


class Intake:
    """One issue that was written down for somebody, asked over HTTP; ``clock`` is what the throttle reads."""

    def __init__(self) -> None:
        self.issue, self.clock, self.answers = Played(), 0.0, True
        assert self.issue.ask(ON_BEHALF, after(), OFFICE)["status"] == "done"
        app = FastAPI(dependencies=[Depends(signed_in())])
        app.include_router(routes(self, self, Throttle(lambda: self.clock)))  # type: ignore[arg-type]
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://intake")

    async def ask(self, request: Request) -> Mapping[str, Any] | None:
        """The gateway, over the real ``apply``."""
        outcome = self.issue.ask(request.command, after(hours=1), request.actor, request.id)  # type: ignore[arg-type]
        return outcome if self.answers else None

    async def get(self, id: str) -> Mapping[str, Any] | None:
        """The store."""
        return self.issue.stored if id == SUBJECT else None

    async def make(self, key: str = "k", actor: str = OFFICE) -> httpx.Response:
        headers = {**bearer(actor), "Idempotency-Key": key}
        return await self.http.post(f"/issues/{SUBJECT}/links", json={}, headers=headers)

    async def revoke(self, actor: str = OFFICE) -> httpx.Response:
        return await self.http.post(f"/issues/{SUBJECT}/links/revoke", json={}, headers=bearer(actor))

    async def redeem(self, link: str) -> httpx.Response:
        return await self.http.post("/links/redeem", json={"link": link}, headers=bearer(OPERATOR))


@pytest.fixture
def intake() -> Intake:
    return Intake()


async def test_a_link_is_shown_in_the_answer_to_the_request_that_made_it_and_only_its_hash_is_kept(
    intake: Intake,
) -> None:
    made = (await intake.make()).json()
    issue, serial, secret = made["link"].split(".")
    assert (issue, serial, made["serial"]) == (SUBJECT, "1", 1)
    assert len(bytes.fromhex(secret)) == 16
    assert intake.issue.state.link_sha256 == sha256(secret.encode()).hexdigest()
    assert secret not in str(intake.issue.stored)
    assert not any(secret in str(envelope) for envelope in intake.issue.envelopes.values())


async def test_the_same_request_once_more_is_refused_and_shows_no_link(intake: Intake) -> None:
    link = (await intake.make()).json()["link"]
    again = await intake.make()
    assert (again.status_code, again.json()["reason"]) == (422, "id_reused")
    assert "link" not in again.json()
    assert (await intake.redeem(link)).status_code == 200


async def test_a_link_that_is_not_known_to_be_made_is_not_shown(intake: Intake) -> None:
    intake.answers = False
    pending = await intake.make()
    assert (pending.status_code, pending.json()["status"]) == (202, "pending")
    assert "link" not in pending.json()


async def test_a_link_is_redeemed_for_its_issue_and_the_person_who_raised_it_in_every_state(
    intake: Intake,
) -> None:
    link = (await intake.make()).json()["link"]
    for verb in ("accept", "withdraw"):
        answer = await intake.redeem(f" {link} ")
        assert answer.json() == {"issue": SUBJECT, "person": intake.issue.state.person, "serial": 1}
        assert intake.issue.want(verb)["status"] == "done"
    assert intake.issue.at == State.WITHDRAWN
    assert (await intake.redeem(link)).status_code == 200


async def test_the_link_before_is_good_no_more_and_neither_is_one_that_was_revoked(intake: Intake) -> None:
    first = (await intake.make("1")).json()["link"]
    second = (await intake.make("2")).json()["link"]
    assert [(await intake.redeem(link)).status_code for link in (first, second)] == [404, 200]
    assert (await intake.revoke()).json() == {"status": "done", "state": "registered"}
    assert (await intake.redeem(second)).status_code == 404
    assert (await intake.make("3")).json()["serial"] == 3


async def test_every_link_that_is_not_valid_gets_the_same_answer(intake: Intake) -> None:
    link = (await intake.make()).json()["link"]
    revoked = (await intake.make("2")).json()["link"]
    await intake.revoke()
    wrong = (
        link,
        revoked,
        f"{SUBJECT}.3.{'0' * 32}",
        f"{NOWHERE}.1.{'0' * 32}",
        "issue.1.secret",
        f"{SUBJECT}..",
        f"{SUBJECT}.²." + "0" * 32,
        "没有",
        "",
    )
    answers = [await intake.redeem(one) for one in wrong]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}


async def test_after_ten_wrong_tries_nobody_may_try_that_issue_for_a_minute_and_others_may(
    intake: Intake,
) -> None:
    link = (await intake.make()).json()["link"]
    for tries in range(OF_ONE_ISSUE):
        intake.clock = float(tries)
        assert (await intake.redeem(f"{SUBJECT}.1.guess{tries}")).status_code == 404
    locked = await intake.redeem(link)
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "51")
    assert (await intake.redeem(f"{NOWHERE}.1.guess")).status_code == 404
    intake.clock = WINDOW_SECONDS
    assert (await intake.redeem(link)).status_code == 200


async def test_a_thousand_guesses_at_a_thousand_issues_are_throttled_together(intake: Intake) -> None:
    link = (await intake.make()).json()["link"]
    statuses = [(await intake.redeem(f"GUESS{number}.1.0")).status_code for number in range(1000)]
    assert statuses == [404] * OF_ALL + [429] * (1000 - OF_ALL)
    assert (await intake.redeem(link)).status_code == 429
    intake.clock = WINDOW_SECONDS
    assert (await intake.redeem(link)).status_code == 200


async def test_a_right_link_is_no_wrong_try(intake: Intake) -> None:
    link = (await intake.make()).json()["link"]
    assert {(await intake.redeem(link)).status_code for _ in range(2 * OF_ONE_ISSUE)} == {200}


def test_who_raised_an_issue_for_themselves_signs_in_and_gets_no_link() -> None:
    issue = Played().walk(State.REGISTERED)
    assert issue.ask(MakeLink(sha256="0" * 64), after(), OFFICE)["reason"] == "not_eligible"


def test_a_link_is_made_and_revoked_by_who_wrote_it_down_too_and_revoked_by_the_person(
    intake: Intake,
) -> None:
    issue = intake.issue
    made = MakeLink(sha256="0" * 64)
    for actor in ("office:wang", RAISER):
        assert issue.ask(made, after(), OFFICE)["status"] == "done"
        assert issue.ask(RevokeLink(), after(), actor)["status"] == "done"
    assert issue.ask(made, after(), RAISER)["reason"] == "wrong_role"
    assert issue.ask(RevokeLink(), after(), "entrepreneur:wang")["reason"] == "wrong_role"
    assert (issue.state.link.serial, issue.state.link.made_by) == (2, "chen")
    assert issue.state.link.revoked_at == after()


@pytest.mark.parametrize("command", [MakeLink(sha256="0" * 64), RevokeLink()])
def test_each_command_about_a_link_delivered_twice_has_one_effect_and_is_told_to_nobody(
    command: MakeLink | RevokeLink, intake: Intake
) -> None:
    issue, events = intake.issue, list(intake.issue.events)
    record = issue.command(command, after(), OFFICE)
    first, reached = issue.answer(record), issue.state
    assert [issue.answer(record), issue.answer(record)] == [first, first]
    assert (issue.state, issue.events) == (reached, events)


@pytest.mark.parametrize("command", [MakeLink(sha256="0" * 64), RevokeLink()])
def test_there_is_no_link_to_an_issue_that_nobody_registered(command: MakeLink | RevokeLink) -> None:
    outcome = Played().ask(command, after(), OFFICE)
    assert (outcome["status"], outcome["reason"]) == ("refused", "unknown_issue")


def test_a_withdrawal_confirmed_by_a_link_needs_one_that_is_good(intake: Intake) -> None:
    by_link = CONFIRMED.model_copy(update={"confirmed_by": Confirmation.LINK, "called_by": ""})
    assert intake.issue.ask(by_link, after(), OFFICE)["reason"] == "confirmation_missing"
    intake.issue.ask(MakeLink(sha256="0" * 64), after(), OFFICE)
    assert intake.issue.ask(by_link, after(), OFFICE)["status"] == "done"
