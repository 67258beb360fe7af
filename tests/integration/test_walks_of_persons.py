"""Persons on real parts, with all four services: on behalf and by link, referred, rejected and appealed, erased."""

import asyncio
import contextlib
from datetime import date
from types import SimpleNamespace

import httpx
import pytest
from typer.testing import CliRunner

from services.cli import operating
from services.cli.asking import event_log
from services.cli.embedded import Parts
from services.cli.main import app
from services.intake.vault import Erased, Vault
from shared.bus.reader import read_all
from shared.contract.envelope import Envelope, open_envelope, sha256_of
from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, SUPERVISION
from shared.contract.registry import EVENTS
from shared.contract.words import Role
from shared.identity.keys import VAULT, secret, signing_key
from shared.identity.tokens import Caller, sign
from shared.settings import Settings
from shared.store import Database
from tests.integration.broker import own_namespace, reader
from tests.integration.city import City
from tests.keys import DATA, KEYS

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

CLERK, OFFICE, OTHER_OFFICE, LI = "clerk:zhao", "office:chen", "office:wang", "entrepreneur:li"
WORDS = {"title": "停车难", "text": "厂门口没有车位。"}
CORRECTED = {"title": "停车难", "text": "厂门口没有货车车位。"}
OTHERS = ("dispatch", "supervision", "feedback")
REGISTERED = ["issue.registered.v1", "promise.started.v1"]


@pytest.fixture(scope="module")
def namespace() -> str:
    return own_namespace("walks")


async def written_down(four: City, phone: str, **words: str) -> tuple[str, str]:
    """A person whom a clerk registers, and the issue that the clerk writes down for them: (person, issue)."""
    about = {"name": "李秀英", "phone": phone}
    person = (await four.done("intake", "/people", about, actor=CLERK, key=phone))["person"]
    call = {"origin": "hotline", "person": person, "occasion": {"called_from": phone}}
    body = {**WORDS, **words, **call}
    raised = await four.done("intake", "/issues", body, actor=CLERK, key=f"call-{phone}")
    return str(person), str(raised["id"])


async def admitted(four: City, link: str) -> dict[str, str]:
    """The header of whom a link admits, as whoever signs tokens makes it of what intake says."""
    found = await four.done("intake", "/links/redeem", {"link": link}, actor="operator:sun")
    caller = Caller(
        sub=f"link-{found['serial']}",
        roles=(Role.ENTREPRENEUR,),
        jurisdiction="huzhou",
        session="walk",
        person=found["person"],
        issue=found["issue"],
    )
    return {"Authorization": f"Bearer {sign(signing_key(KEYS), caller)}"}


async def everywhere(four: City, id: str, state: str) -> None:
    """Wait until the other three services have this issue in this state."""
    await asyncio.gather(*[four.reaches(service, id, state) for service in OTHERS])


async def told(embedded: Parts, namespace: str, id: str, last: str) -> list[Envelope]:
    """What intake tells of one aggregate, in order, up to this type."""
    async with reader(embedded.kafka_bootstrap, namespace, INTAKE) as read:
        await read.event(id, last)
        return read.events(id)


def types(events: list[Envelope]) -> list[str]:
    return [event.type for event in events]


def refused(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, str(response.json().get("reason", ""))


async def test_who_has_no_account_reads_corrects_and_confirms_by_a_link_until_it_is_revoked(
    four: City, embedded: Parts, namespace: str
) -> None:
    person, id = await written_down(four, "13800138001")
    intake, path = four.clients["intake"], f"/issues/{id}"
    link = (await four.done("intake", f"{path}/links", actor=CLERK))["link"]
    them = await admitted(four, link)
    shown = (await intake.get(path, headers=them)).json()
    assert (shown["text"], shown["person"], shown["recorded_by"]) == (WORDS["text"], person, "zhao")
    assert shown["link"]["made_by"] and shown["link"]["made_at"] and not shown["link"].get("revoked_at")
    assert (await intake.post(f"{path}/accept", json={}, headers=them)).status_code == 403
    for verb, body in (("correct-words", CORRECTED), ("confirm-words", {"version": 2})):
        answer = await intake.post(f"{path}/{verb}", json=body, headers=them)
        assert (answer.status_code, answer.json()["version"]) == (200, 2), answer.text
    assert refused(await four.ask("intake", f"{path}/confirm-words", {"version": 2}, actor=LI)) == (
        403,
        "wrong_role",
    )
    await four.done("intake", f"{path}/links/revoke", actor=OFFICE)
    again = await four.ask("intake", "/links/redeem", {"link": link}, actor="operator:sun")
    assert again.status_code == 404
    await four.done("intake", f"{path}/accept", actor=OFFICE)
    await four.reaches("dispatch", id, "waiting")
    events = await told(embedded, namespace, id, "issue.accepted.v1")
    said = ["words.corrected.v1", "words.confirmed.v1", "issue.accepted.v1"]
    assert types(events) == [*REGISTERED, *said]
    assert events[0].data["person"] == events[3].data["person"] == person
    accepted = events[-1].data
    assert (accepted["text"], accepted["corrected"]["text"]) == (WORDS["text"], CORRECTED["text"])


async def test_a_complaint_about_an_official_ends_everywhere_with_its_receipt_and_without_its_words(
    four: City, embedded: Parts, namespace: str
) -> None:
    raised = await four.registered("complaint", **WORDS)
    id, path = raised["id"], f"/issues/{raised['id']}"
    body = {"body": "discipline_inspection", "addressee": "市纪委监委"}
    await four.done("intake", f"{path}/refer", body, actor=OFFICE)
    receipt = {"number": "17", "on": str(date(2026, 3, 2))}
    await four.done("intake", f"{path}/record-receipt", receipt, actor=OFFICE)
    await everywhere(four, id, "referred")
    shown = await four.issue("intake", id)
    assert shown is not None and shown["erased"] and shown["referral"]["receipt_number"] == "17"
    assert not {"title", "text", "original"} & {*shown}
    database = Database(embedded.store_urls["intake"], Settings(namespace=namespace).database("intake"))
    with contextlib.closing(database), pytest.raises(Erased):
        await Vault(database.entries("keys"), secret(KEYS, VAULT)).key_of(f"issue:{id}")
    events = await told(embedded, namespace, id, "referral.receipted.v1")
    assert types(events) == [*REGISTERED, "issue.referred.v1", "referral.receipted.v1"]
    assert not [part for part in ("市纪委监委", *WORDS.values()) if part in str(events)]


async def test_a_rejection_is_appealed_against_once_and_somebody_else_decides(
    four: City, embedded: Parts, namespace: str
) -> None:
    raised = await four.registered("rejected", **WORDS)
    id, path = raised["id"], f"/issues/{raised['id']}"
    ground = {"ground": "petition", "explanation": "已在信访程序中"}
    await four.done("intake", f"{path}/reject", ground, actor=OFFICE)
    await everywhere(four, id, "rejected")
    why = {"reason": "信访已经办结。"}
    stranger = await four.ask("intake", f"{path}/appeal", why, actor="entrepreneur:wang")
    assert refused(stranger) == (403, "wrong_role")
    await four.done("intake", f"{path}/appeal", why, actor=LI)
    await four.reaches("supervision", id, "appealed")
    decision = {"upheld": False, "reason": "仍在信访程序中"}
    same = await four.ask("intake", f"{path}/decide-appeal", decision, actor=OFFICE)
    assert refused(same) == (403, "same_person")
    await four.done("intake", f"{path}/decide-appeal", decision, actor=OTHER_OFFICE)
    assert refused(await four.ask("intake", f"{path}/appeal", why, actor=LI)) == (409, "illegal_move")
    await everywhere(four, id, "rejected")
    events = await told(embedded, namespace, id, "appeal.dismissed.v1")
    appealed = ["issue.rejected.v1", "issue.appealed.v1", "appeal.dismissed.v1"]
    assert types(events) == [*REGISTERED, *appealed]
    assert why["reason"] not in str(events)


def erase(person: str, intake: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """`qinqing people erase` on the system that runs here."""
    system = SimpleNamespace(service_urls={"intake": intake}, data_dir=DATA, jurisdiction="huzhou")
    monkeypatch.setattr(operating, "need_system", lambda data, as_json: system)
    ended = CliRunner().invoke(app, ["people", "erase", person, "--yes"])
    assert ended.exit_code == 0, ended.output
    return ended.output


async def test_who_was_erased_is_read_by_nobody_and_every_event_about_them_is_whole(
    four: City, embedded: Parts, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "厂门口没有车位，请回电13800138002。"
    person, id = await written_down(four, "13800138002", text=said)
    why = {"why": "回访"}
    before = await four.done("intake", f"/people/{person}/contact", why, actor=CLERK)
    assert before["name"] == "李秀英"
    original = (await four.issue("intake", id) or {})["original"]
    assert original["text"] == said
    async with four.served("intake") as url:
        assert person in await asyncio.to_thread(erase, person, url, monkeypatch)
    assert (await four.ask("intake", f"/people/{person}/contact", why, actor=CLERK)).status_code == 409
    by_phone = await four.done("intake", "/people/find", {"phone": "13800138002"}, actor=CLERK)
    assert by_phone == {"person": None}
    shown = await four.issue("intake", id)
    assert shown is not None and shown["text"].startswith("厂门口没有车位")
    assert "original" not in shown
    await four.done("intake", f"/issues/{id}/accept", actor=OFFICE)  # their issue goes on
    await four.reaches("dispatch", id, "waiting")
    erased = await told(embedded, namespace, f"person:{person}", "person.erased.v1")
    assert types(erased) == ["person.registered.v1", "person.erased.v1"]
    await whole(embedded, namespace, {id, f"person:{person}"})


async def whole(embedded: Parts, namespace: str, subjects: set[str]) -> None:
    """Every event is readable, and those about these subjects follow each other without a gap."""
    log = await event_log(embedded.kafka_bootstrap, namespace)
    assert log.unreadable == 0
    last: dict[tuple[str, str], tuple[int, str]] = {}
    topics = (INTAKE, DISPATCH, SUPERVISION, FEEDBACK)
    async for record in read_all(embedded.kafka_bootstrap, topics, f"{namespace}."):
        event = open_envelope(record.value, record.sha256)
        EVENTS[event.type].read(event.data)
        place = event.source, event.subject
        before = last.get(place, (0, ""))
        if event.subject in subjects and event.seq > before[0]:
            assert (event.seq, event.previous) == (before[0] + 1, before[1]), event
            last[place] = event.seq, sha256_of(record.value or b"")
    assert {subject for _, subject in last} == subjects
