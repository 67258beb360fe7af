"""A link admits to one issue: made for whom it was written down, shown once, good until the next or a revocation."""

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.intake.issue.life import State
from services.intake.links import OF_ALL, OF_ONE_ISSUE, WINDOW_SECONDS
from shared.contract.commands.intake import MakeLink, RevokeLink, WithdrawIssue
from shared.contract.words import Confirmation
from tests.unit.intake.given import ACCEPT, CONFIRMED, Played
from tests.unit.intake.over_http import LI, OFFICE, OPERATOR, WORDS, Intake
from tests.unit.one_aggregate import after

NOWHERE = "0123456789ABC"


class Written(Intake):
    """An issue that the office wrote down for li."""

    async def make(self, key: str = "link", who: str = OFFICE) -> httpx.Response:
        return await self.about("links", {}, who, key)

    async def revoke(self, who: str = OFFICE) -> httpx.Response:
        return await self.about("links/revoke", {}, who, "revoke")

    async def redeem(self, link: str) -> httpx.Response:
        return await self.post("/links/redeem", {"link": link}, OPERATOR)


@pytest_asyncio.fixture(
    params=[WORDS, WORDS.model_copy(update={"anonymous": True})], ids=["named", "anonymous"]
)
async def intake(request: pytest.FixtureRequest) -> Written:
    written = Written()
    await written.raised(request.param, OFFICE)
    return written


async def test_a_link_is_shown_in_the_answer_to_the_request_that_made_it_and_only_its_hash_is_kept(
    intake: Written,
) -> None:
    made = (await intake.make()).json()
    issue, serial, secret = made["link"].split(".")
    assert (issue, serial, made["serial"]) == (intake.id, "1", 1)
    assert len(bytes.fromhex(secret)) == 16
    assert intake.issue.state.link_sha256 == sha256(secret.encode()).hexdigest()
    assert secret not in str(intake.issue.stored)
    assert not any(secret in str(envelope) for envelope in intake.issue.envelopes.values())


async def test_the_same_request_once_more_is_refused_and_shows_no_link(intake: Written) -> None:
    link = (await intake.make()).json()["link"]
    again = await intake.make()
    assert (again.status_code, again.json()["reason"]) == (422, "id_reused")
    assert "link" not in again.json()
    assert (await intake.redeem(link)).status_code == 200


async def test_a_link_that_is_not_known_to_be_made_is_not_shown(intake: Written) -> None:
    intake.answers = False
    pending = await intake.make()
    assert (pending.status_code, pending.json()["status"]) == (202, "pending")
    assert "link" not in pending.json()


async def test_a_link_is_redeemed_for_its_issue_and_the_person_who_raised_it_in_every_state(
    intake: Written,
) -> None:
    link = (await intake.make()).json()["link"]
    withdraw = (WithdrawIssue(), f"entrepreneur:{intake.issue.state.person}")
    for command, actor in ((ACCEPT, OFFICE), withdraw):
        answer = await intake.redeem(f" {link} ")
        assert answer.json() == {"issue": intake.id, "person": intake.issue.state.person, "serial": 1}
        assert intake.issue.ask(command, after(hours=2), actor)["status"] == "done"
    assert intake.issue.at == State.WITHDRAWN
    assert (await intake.redeem(link)).status_code == 200


async def test_the_link_before_is_good_no_more_and_neither_is_one_that_was_revoked(intake: Written) -> None:
    first = (await intake.make("1")).json()["link"]
    second = (await intake.make("2")).json()["link"]
    assert [(await intake.redeem(link)).status_code for link in (first, second)] == [404, 200]
    assert (await intake.revoke()).json() == {"status": "done", "state": "registered"}
    assert (await intake.redeem(second)).status_code == 404
    assert (await intake.make("3")).json()["serial"] == 3


async def test_every_link_that_is_not_valid_gets_the_same_answer(intake: Written) -> None:
    link = (await intake.make()).json()["link"]
    revoked = (await intake.make("2")).json()["link"]
    await intake.revoke()
    wrong = (
        link,
        revoked,
        f"{intake.id}.3.{'0' * 32}",
        f"{NOWHERE}.1.{'0' * 32}",
        "issue.1.secret",
        f"{intake.id}..",
        f"{intake.id}.²." + "0" * 32,
        "没有",
        "",
    )
    answers = [await intake.redeem(one) for one in wrong]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}


async def test_after_ten_wrong_tries_nobody_may_try_that_issue_for_a_minute_and_others_may(
    intake: Written,
) -> None:
    link = (await intake.make()).json()["link"]
    for tries in range(OF_ONE_ISSUE):
        intake.clock = float(tries)
        assert (await intake.redeem(f"{intake.id}.1.guess{tries}")).status_code == 404
    locked = await intake.redeem(link)
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "51")
    assert (await intake.redeem(f"{NOWHERE}.1.guess")).status_code == 404
    intake.clock = WINDOW_SECONDS
    assert (await intake.redeem(link)).status_code == 200


async def test_a_thousand_guesses_at_a_thousand_issues_are_throttled_together(intake: Written) -> None:
    link = (await intake.make()).json()["link"]
    statuses = [(await intake.redeem(f"GUESS{number}.1.0")).status_code for number in range(1000)]
    assert statuses == [404] * OF_ALL + [429] * (1000 - OF_ALL)
    assert (await intake.redeem(link)).status_code == 429
    intake.clock = WINDOW_SECONDS
    assert (await intake.redeem(link)).status_code == 200


async def test_who_guesses_all_at_once_has_no_more_tries_than_one_after_the_other(
    intake: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, kept = (await intake.make()).json()["link"], intake.get

    async def later(id: str) -> Mapping[str, Any] | None:
        await asyncio.sleep(0)
        return await kept(id)

    monkeypatch.setattr(intake, "get", later)
    guesses = [f"{intake.id}.1.{number:032x}" for number in range(1000)]
    statuses = [answer.status_code for answer in await asyncio.gather(*map(intake.redeem, guesses))]
    assert statuses.count(404) == OF_ONE_ISSUE and statuses.count(429) == 1000 - OF_ONE_ISSUE
    assert (await intake.redeem(link)).status_code == 429


async def test_a_right_link_is_no_wrong_try(intake: Written) -> None:
    link = (await intake.make()).json()["link"]
    assert {(await intake.redeem(link)).status_code for _ in range(2 * OF_ONE_ISSUE)} == {200}


def test_to_what_somebody_raised_for_themselves_nobody_else_makes_a_link() -> None:
    issue = Played().walk(State.REGISTERED)
    make = MakeLink(sha256="0" * 64)
    assert issue.ask(make, after(), OFFICE)["reason"] == "not_eligible"
    assert issue.ask(make, after(), "entrepreneur:stranger")["reason"] == "wrong_role"
    assert issue.ask(make, after(), f"entrepreneur:{issue.state.person}")["serial"] == 1
    assert issue.state.link.made_by == "", "the person, who stands on no document by name"


async def test_a_link_is_revoked_by_the_person_too_and_by_nobody_else(intake: Written) -> None:
    assert (await intake.make()).status_code == 201
    assert (await intake.make("own", LI)).status_code == 201
    assert (await intake.make("theirs", "entrepreneur:wang")).json()["reason"] == "wrong_role"
    assert (await intake.make("again")).status_code == 201
    assert (await intake.revoke("entrepreneur:wang")).json()["reason"] == "wrong_role"
    assert (await intake.revoke(LI)).json()["status"] == "done"
    link = intake.issue.state.link
    assert (link.serial, link.made_by, link.revoked_at) == (3, "chen", after(hours=1))


@pytest.mark.parametrize("command", [MakeLink(sha256="0" * 64), RevokeLink()])
def test_each_command_about_a_link_delivered_twice_has_one_effect_and_is_told_to_nobody(
    command: MakeLink | RevokeLink, intake: Written
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


def test_a_withdrawal_confirmed_by_a_link_needs_one_that_is_good(intake: Written) -> None:
    by_link = CONFIRMED.model_copy(
        update={"confirmed_by": Confirmation.LINK, "called_by": "", "confirmed_at": after(hours=2)}
    )
    issue = intake.issue
    assert issue.ask(by_link, after(hours=2), OFFICE)["reason"] == "confirmation_missing"
    issue.ask(MakeLink(sha256="0" * 64), after(), OFFICE)
    assert issue.ask(by_link, after(hours=2), OFFICE)["status"] == "done"
