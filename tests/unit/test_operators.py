"""What an operator does over HTTP, with the real processor behind it: paged, once, and only where it is possible."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI

from shared.bus.gateway import Gateway, Request, sealed
from shared.bus.records import DEAD_LETTER_TYPE, UNPUBLISHED_HEADER, Outgoing
from shared.contract.command import Discard
from shared.contract.envelope import open_envelope
from shared.contract.event import FEEDBACK, INTAKE
from shared.operators import operator_routes
from shared.problems import install_problems
from tests.faults.given import closing, line, notebook
from tests.fuzz.in_memory import ServiceInMemory
from tests.keys import bearer, signed_in

ISSUE = "7K3M9QXT2B4N6"
OWNER = "/huzhou/feedback"


class Operated:
    """The service of notebooks behind its operators' routes."""

    def __init__(self) -> None:
        settings: Any = None
        self.service = ServiceInMemory(settings, notebook())
        self.refuses: list[Outgoing] = []
        self.published: list[Outgoing] = []

    def routes(self) -> FastAPI:
        """The routes alone."""
        app, service = FastAPI(dependencies=[Depends(signed_in())]), self.service
        install_problems(app, 1_000_000)
        gateway = Gateway(service.consumer.source, service.publish, service.store, wait_seconds=0.2)  # type: ignore[arg-type]
        service.gateway = gateway
        app.include_router(
            operator_routes(gateway, service.store, service.consumer, self.publish, service)  # type: ignore[arg-type]
        )
        return app

    async def publish(self, outgoing: list[Outgoing], timestamps: Any = None) -> list[Outgoing]:
        """As the service does; refuses what the test says."""
        if self.refuses:
            return self.refuses
        self.published += outgoing
        await self.service.publish(outgoing)
        return []

    async def lost(self, number: int, **headers: str) -> str:
        """A dead letter; its origin."""
        origin = headers.get("origin", f"feedback.events/0/{number}")
        fields = {"type": DEAD_LETTER_TYPE, "origin": origin, "topic": FEEDBACK, "subject": ISSUE, **headers}
        value = closing(ISSUE, 1).value if "value" not in headers else headers["value"].encode()
        await self.service.publish([Outgoing("intake.dlq", origin, value, fields)])
        return origin


@pytest.fixture
def operated() -> Operated:
    return Operated()


@pytest.fixture
async def client(operated: Operated) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(operated.routes(), raise_app_exceptions=False)
    headers = bearer("operator:li")
    async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as found:
        yield found


async def test_dead_letters_are_paged_newest_first(operated: Operated, client: httpx.AsyncClient) -> None:
    origins = [await operated.lost(number) for number in range(5)]
    seen: list[str] = []
    query: dict[str, int] = {"limit": 2}
    for size in (2, 2, 1):
        page = (await client.get("/dead-letters", params=query)).json()
        assert len(page["dead_letters"]) == size
        seen += [one["origin"] for one in page["dead_letters"]]
        query["before"] = page["next"]
    assert page["next"] is None
    assert seen == origins[::-1]


async def test_what_is_replayed_twice_has_one_effect(operated: Operated, client: httpx.AsyncClient) -> None:
    origin = await operated.lost(0, seq="1", source=OWNER)
    first = await client.post(f"/dead-letters/{origin}/replay")
    assert first.json() == {
        "status": "replayed",
        "origin": origin,
        "outcome": {"status": "done"},
        "remark": "",
    }
    assert await lines(operated) == ["closed 1"]
    for verb, body in (("replay", None), ("discard", {"reason": "x"})):
        again = await client.post(f"/dead-letters/{origin}/{verb}", json=body)
        assert again.status_code == 409
        assert "replayed already by operator:li" in again.json()["detail"]
    assert await lines(operated) == ["closed 1"]
    shown = (await client.get("/dead-letters", params={"status": "replayed"})).json()
    assert [one["resolved_by"] for one in shown["dead_letters"]] == ["operator:li"]


async def test_what_a_replay_could_not_do_is_its_outcome_and_a_new_dead_letter(
    operated: Operated, client: httpx.AsyncClient
) -> None:
    origin = await operated.lost(0, value="{", seq="1", source=OWNER)
    answer = (await client.post(f"/dead-letters/{origin}/replay")).json()
    assert (answer["status"], answer["outcome"]["reason"]) == ("replayed", "failed")
    (left,) = (await client.get("/dead-letters")).json()["dead_letters"]
    assert (left["topic"], left["seq"]) == (FEEDBACK, 1)
    assert left["origin"] != origin


async def test_a_record_that_could_not_be_published_is_published_as_it_was(
    operated: Operated, client: httpx.AsyncClient
) -> None:
    headers = {"key": ISSUE, "topic": INTAKE, "seq": "3", UNPUBLISHED_HEADER: "true"}
    origin = await operated.lost(0, origin=f"{INTAKE}/unpublished/00ff", **headers)
    operated.refuses = [Outgoing("intake.dlq", origin, b"", {"reason": "still too large"})]
    refused = await client.post(f"/dead-letters/{origin}/replay")
    assert (refused.status_code, refused.json()["detail"]) == (
        409,
        "it cannot be published now either: still too large",
    )
    operated.refuses = []
    assert (await client.post(f"/dead-letters/{origin}/replay")).json()["status"] == "replayed"
    (sent, _) = operated.published
    assert (sent.topic, sent.key, sent.value, sent.seq) == (INTAKE, ISSUE, closing(ISSUE, 1).value, 3)


async def test_giving_up_what_was_never_published_says_who_waits_for_it(
    operated: Operated, client: httpx.AsyncClient
) -> None:
    headers = {"key": ISSUE, "topic": INTAKE, "seq": "3", UNPUBLISHED_HEADER: "true"}
    origin = await operated.lost(0, origin=f"{INTAKE}/unpublished/00ff", **headers)
    answer = (await client.post(f"/dead-letters/{origin}/discard", json={"reason": "x"})).json()
    assert answer["remark"] == (
        "who reads intake.events waits for number 3: record a skip at each reader, once something is held there"
    )


async def test_only_the_very_next_event_is_skipped(operated: Operated, client: httpx.AsyncClient) -> None:
    skip = {"topic": FEEDBACK, "seq": 1, "reason": "lost"}
    assert (await client.post(f"/issues/{ISSUE}/skip", json=skip)).status_code == 404
    await operated.service.publish([closing(ISSUE, 3)])
    for seq in (2, 3, 4):
        answer = await client.post(f"/issues/{ISSUE}/skip", json={**skip, "seq": seq})
        assert answer.status_code == 409
        assert "is number 1" in answer.json()["detail"]
    wrong = {"topic": INTAKE, "source": ""}, {"topic": FEEDBACK, "source": "/xian/feedback"}
    for names in wrong:
        assert (await client.post(f"/issues/{ISSUE}/skip", json={**skip, **names})).status_code == 422
    for seq in (1, 2):
        answer = await client.post(f"/issues/{ISSUE}/skip", json={**skip, "seq": seq, "source": OWNER})
        assert answer.json() == {"status": "done"}
    assert await lines(operated) == ["closed 3"]


async def test_where_nothing_is_held_nothing_is_skipped_and_the_event_that_comes_later_is_applied(
    operated: Operated, client: httpx.AsyncClient
) -> None:
    await operated.service.publish([line(ISSUE, "a")])
    answer = await client.post(f"/issues/{ISSUE}/skip", json={"topic": FEEDBACK, "seq": 1, "reason": "lost?"})
    assert (answer.status_code, "nothing is held" in answer.json()["detail"]) == (409, True)
    await operated.service.publish([closing(ISSUE, 1)])
    assert await lines(operated) == ["a", "closed 1"]


async def test_a_strangers_dead_letter_whose_names_are_too_long_is_closed_and_not_a_fault(
    operated: Operated, client: httpx.AsyncClient
) -> None:
    for number, headers in enumerate(({"command": "x" * 501}, {"command": "", "seq": "0"})):
        origin = await operated.lost(number, **headers)
        answer = await client.post(f"/dead-letters/{origin}/discard", json={"reason": "noise"})
        assert (answer.status_code, answer.json()["status"]) == (200, "discarded")


async def test_a_deadline_is_handed_in_again_and_never_discarded(
    operated: Operated, client: httpx.AsyncClient
) -> None:
    origin = await operated.lost(0, command=f"timer/timer:due/{ISSUE}/reply/1/due/1")
    refused = await client.post(f"/dead-letters/{origin}/discard", json={"reason": "away with it"})
    assert (refused.status_code, "a deadline does not go away" in refused.json()["detail"]) == (409, True)
    (left,) = (await client.get("/dead-letters")).json()["dead_letters"]
    assert left["origin"] == origin
    assert (await client.post(f"/dead-letters/{origin}/replay")).json()["status"] == "replayed"


async def test_a_dead_letter_that_another_process_gave_up_meanwhile_is_listed_as_what_became_of_it(
    operated: Operated, client: httpx.AsyncClient
) -> None:
    service = operated.service
    asked = line(ISSUE, "a")
    given_up = Request(
        ISSUE, Discard(command=open_envelope(asked.value).id, reason="x"), "deadletter", "o:b", "k"
    )
    await service.publish([sealed(given_up, service.consumer.source)])  # its resolution is not written yet
    origin = await operated.lost(
        0, topic="intake.commands", command=open_envelope(asked.value).id, value=asked.value.decode()
    )
    answer = (await client.post(f"/dead-letters/{origin}/replay")).json()
    assert (answer["outcome"]["reason"], answer["status"]) == ("discarded", "discarded")
    (shown,) = (await client.get("/dead-letters", params={"status": "all"})).json()["dead_letters"]
    assert shown["status"] == "discarded"
    document = await service.store.get(ISSUE)
    assert document is not None
    assert document["state"] is None


async def test_events_are_published_again_with_the_very_same_bytes(
    operated: Operated, client: httpx.AsyncClient
) -> None:
    await operated.service.publish([line(ISSUE, "a"), line(ISSUE, "b"), line("other", "c")])
    once = [out for out in operated.service.log if (out.topic, out.key) == (INTAKE, ISSUE)]
    assert (await client.post(f"/issues/{ISSUE}/publish-again")).json() == {"status": "done", "events": 2}
    assert [(out.value, out.wire_headers()) for out in operated.published] == [
        (out.value, out.wire_headers()) for out in once
    ]
    assert (await client.post("/issues/nobody/publish-again")).status_code == 404


async def lines(operated: Operated) -> list[str]:
    """What is written in the notebook."""
    document = await operated.service.store.get(ISSUE)
    return list((document or {}).get("state", {}).get("lines", ()))
