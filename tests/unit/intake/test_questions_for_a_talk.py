"""Over HTTP: who takes part in a talk raises a question for it; what a clerk writes down there is taken on at once."""

from typing import Any

import pytest

from tests.unit.intake.given_people import HERSELF, LI, SHE, People

FEDERATION, CLERK = "federation:lu", "clerk:zhao"
TALK: dict[str, Any] = {
    "theme": "用地与能耗",
    "place": "政企恳谈室",
    "capacity": 1,
    "organiser": "湖州市工商联",
    "leaders": [{"account": "zhou", "name": "周明", "post": "市长", "body": "government"}],
    "starts_at": "2099-03-04T06:00:00Z",
    "ends_at": "2099-03-04T08:00:00Z",
}
ID = "huzhou-weekly-20990304-1"
QUESTION: dict[str, Any] = {
    "title": "厂房扩建",
    "text": "如何供地？",
    "origin": "talk",
    "phase": "before",
    "occasion": {"id": ID},
}


@pytest.fixture
async def people(monkeypatch: pytest.MonkeyPatch) -> People:
    people = People(monkeypatch)
    announced = await people.ask("/agendas/huzhou/announce", FEDERATION, **TALK)
    assert announced.status_code == 200, announced.text
    assert announced.json()["talk"] == ID
    assert (await people.ask("/people", HERSELF, **LI)).status_code == 201
    return people


async def test_who_signed_up_brings_a_question_and_nobody_else_does(people: People) -> None:
    refused = await people.ask("/issues", HERSELF, **QUESTION)
    assert (refused.status_code, refused.json()["detail"]) == (409, f"occasion.id: sign up for {ID} first")
    assert (await people.ask(f"/talks/{ID}/sign-up", HERSELF)).status_code == 200
    raised = await people.ask("/issues", HERSELF, **QUESTION)
    assert raised.status_code == 201, raised.text
    assert raised.json()["provisional_because"] == "talk_not_held"
    brought = await people.ask(f"/talks/{ID}/sign-up", HERSELF, issue=raised.json()["id"])
    assert brought.json()["taken"] == 1
    for other in ({"phase": "at"}, {"origin": "liaison_visit", "phase": None}):
        assert (await people.ask("/issues", HERSELF, **{**QUESTION, **other})).status_code in (403, 422)


async def test_a_talk_is_full_with_words_that_say_what_is_left(people: People) -> None:
    assert (await people.ask(f"/talks/{ID}/sign-up", HERSELF)).status_code == 200
    full = await people.ask(f"/talks/{ID}/sign-up", "entrepreneur:wang")
    assert (full.status_code, full.json()["reason"]) == (409, "talk_full")
    busy = await people.ask("/agendas/huzhou/announce", FEDERATION, **TALK, number=2)
    assert (busy.status_code, busy.json()["reason"]) == (409, "leader_busy")
    nobody = await people.ask("/agendas/jiaxing/announce", FEDERATION, **TALK)
    assert nobody.status_code == 404


async def test_an_entrepreneur_sees_a_talk_and_not_who_takes_part(people: People) -> None:
    assert (await people.ask(f"/talks/{ID}/sign-up", HERSELF)).status_code == 200
    shown = (await people.read(f"/talks/{ID}", HERSELF)).json()
    assert shown["theme"] == "用地与能耗"
    assert "participants" not in shown
    assert (await people.read(f"/talks/{ID}", FEDERATION)).json()["participants"][0]["person"] == SHE


async def test_a_clerk_takes_on_what_was_said_at_a_talk_and_nothing_else(people: People) -> None:
    said = {**QUESTION, "phase": "at", "person": SHE}
    issue = (await people.ask("/issues", CLERK, **said)).json()["id"]
    assert (await people.ask(f"/issues/{issue}/accept", "clerk:sun")).status_code == 403
    assert (await people.ask(f"/issues/{issue}/accept", CLERK)).json()["state"] == "accepted"
    letter = {
        "title": "路灯",
        "text": "不亮",
        "origin": "written",
        "occasion": {"on": "2026-03-02"},
        "person": SHE,
    }
    written = (await people.ask("/issues", CLERK, **letter)).json()["id"]
    assert (await people.ask(f"/issues/{written}/accept", CLERK)).status_code == 403
