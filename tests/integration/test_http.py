"""The plain path through the four services over HTTP and over a department's topics, and clear answers to bad input."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.cli.embedded import Parts
from tests.integration.broker import PATIENCE_SECONDS, own_namespace, put, reader, said
from tests.integration.city import LEAK, City
from tests.keys import REFERENCES
from tests.unit.intake.files import jpeg

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

EVENTS = ("intake.events", "dispatch.events", "supervision.events", "feedback.events")
PATH = [
    ("intake.events", "issue.registered.v1"),
    ("intake.events", "promise.started.v1"),
    ("intake.events", "issue.accepted.v1"),
    ("dispatch.events", "issue.assigned.v1"),
    ("dispatch.events", "assignment.signed.v1"),
    ("dispatch.events", "reply.drafted.v1"),
    ("dispatch.events", "reply.signed_off.v1"),
    ("dispatch.events", "reply.checked.v1"),
    ("dispatch.events", "reply.released.v1"),
    ("feedback.events", "rating.invited.v1"),
    ("feedback.events", "reply.rated.v1"),
    ("feedback.events", "issue.closed.v1"),
]


@pytest.fixture(scope="module")
def namespace() -> str:
    return own_namespace("http")


async def finish(four: City, id: str) -> None:
    """From signed off to closed, over HTTP."""
    body = await four.shown(id)
    await four.done("dispatch", f"/issues/{id}/check", body, actor="office:chen")
    await four.done("dispatch", f"/issues/{id}/release", body, actor="office:chen")
    await four.reaches("feedback", id, "invited")
    rating = {"round": 1, "satisfaction": "satisfied", "solved": "yes"}
    await four.done("feedback", f"/issues/{id}/rate", rating, actor="entrepreneur:li")


async def path_of(embedded: Parts, namespace: str, id: str) -> dict[str, list[str]]:
    """Every event about an issue by topic, in order, once it is closed and all have heard of it."""
    async with reader(embedded.kafka_bootstrap, namespace, *EVENTS) as read:
        await read.event(id, "issue.closed.v1")
        found: dict[str, list[str]] = {topic: [] for topic in EVENTS}
        for raw in read.records:
            value = json.loads(raw.value)
            if value["subject"] == id:
                found[raw.topic.removeprefix(f"{namespace}.")].append(value["type"])
        return found


async def test_a_photo_goes_with_its_issue_to_the_department_and_is_read_at_intake(
    four: City, embedded: Parts, namespace: str
) -> None:
    intake = four.clients["intake"]
    file = (await intake.post("/attachments", content=jpeg())).json()
    id, _ = await four.assigned("photo", attachments=[file["receipt"]])
    async with reader(embedded.kafka_bootstrap, namespace, "dept.housing.orders") as read:
        (ordered,) = (await read.event(id, "order.assigned.v1")).data["attachments"]
    assert (ordered["hash"], ordered["media_type"]) == (
        REFERENCES.attachment(id, file["sha256"]),
        "image/jpeg",
    )
    content = (await intake.get(f"/issues/{id}/attachments/{ordered['hash']}")).content
    assert hashlib.sha256(content).hexdigest() == file["sha256"]


async def test_the_plain_path_over_http_from_registration_to_closing(
    four: City, embedded: Parts, namespace: str
) -> None:
    id, assignment = await four.assigned("plain")
    body = {"assignment": assignment}
    await four.done("dispatch", f"/issues/{id}/sign", body, actor="handler:housing/wang")
    draft = {**body, "outcome": "solved", "text": "水管已经修好。"}
    drafted = await four.done("dispatch", f"/issues/{id}/draft", draft, actor="handler:housing/wang")
    read = {**body, "draft": drafted["draft"], "sha256": drafted["sha256"]}
    assert await four.shown(id) == read
    await four.done("dispatch", f"/issues/{id}/sign-off", read, actor="department_leader:housing/head")
    await finish(four, id)
    states = {
        "intake": "closed",
        "dispatch": "closed",
        "feedback": "closed",
    }
    for service, state in states.items():
        await four.reaches(service, id, state)
    found = await path_of(embedded, namespace, id)
    for topic in ("intake.events", "dispatch.events", "feedback.events"):
        assert found[topic] == [type for where, type in PATH if where == topic], topic
    clocks = found["supervision.events"]
    assert clocks.count("clock.started.v1") >= 1
    assert "clock.breached.v1" not in clocks


async def test_who_names_what_was_published_just_before_clicks_at_once_and_is_never_told_of_an_unknown_issue(
    four: City,
) -> None:
    office, handler, head = "office:chen", "handler:housing/wang", "department_leader:housing/head"

    async def click(service: str, verb: str, actor: str, **body: Any) -> dict[str, Any]:
        nonlocal after
        found = await four.done(service, f"/issues/{id}/{verb}", body, actor=actor, after=after)
        after = found["published"]
        return found

    registered = await four.registered("at once")
    id, after = registered["id"], registered["published"]
    await click("intake", "accept", office)
    given = await click("dispatch", "assign", office, department="housing")
    of = {"assignment": given["assignment"]}
    await click("dispatch", "sign", handler, **of)
    drafted = await click("dispatch", "draft", handler, outcome="solved", text="水管已经修好。", **of)
    read = {**of, "draft": drafted["draft"], "sha256": drafted["sha256"]}
    for verb, actor in (("sign-off", head), ("check", office), ("release", office)):
        await click("dispatch", verb, actor, **read)
    rated = await click(
        "feedback", "rate", "entrepreneur:li", round=1, satisfaction="satisfied", solved="yes"
    )
    assert rated["state"] == "closed"


async def test_the_plain_path_over_a_departments_own_topics(
    four: City, embedded: Parts, namespace: str
) -> None:
    id, assignment = await four.assigned("by-topic")
    where = {"assignment": assignment, "round": 1}
    async with reader(embedded.kafka_bootstrap, namespace, "dept.housing.orders") as orders:
        order = await orders.event(id, "order.assigned.v1")
        assert order.data["text"] == LEAK["text"]
        assert order.data["assignment"] == assignment
        draft = {**where, "outcome": "solved", "text": "修好了。", "signed_off_by": "head"}
        await put(
            embedded.kafka_bootstrap,
            namespace,
            [
                said("department.sign.v1", id, "m1", where, "housing"),
                said("department.draft.v1", id, "m2", draft, "housing"),
            ],
        )
        await four.reaches("dispatch", id, "signed_off")
        await finish(four, id)
        await orders.event(id, "order.closed.v1")
    found = await path_of(embedded, namespace, id)
    assert found["dispatch.events"] == [type for topic, type in PATH if topic == "dispatch.events"]


# ------------------------------------------------------------------------- repeats


async def test_a_repeated_request_has_the_same_outcome_and_one_event(
    four: City, embedded: Parts, namespace: str
) -> None:
    answers = await asyncio.gather(*[four.registered("again") for _ in range(5)])
    answers.append(await four.registered("again"))
    assert all(answer == answers[0] for answer in answers)
    id = answers[0]["id"]
    for _ in range(2):
        told = await four.done("intake", f"/issues/{id}/accept", key="a", actor="office:chen")
        assert told["state"] == "accepted"
    async with reader(embedded.kafka_bootstrap, namespace, "intake.events") as read:
        await read.event(id, "issue.accepted.v1")
        types = [event.type for event in read.events(id)]
    assert types == ["issue.registered.v1", "promise.started.v1", "issue.accepted.v1"]


async def test_a_refused_request_stays_refused_when_it_comes_again(four: City) -> None:
    id = (await four.registered("refused"))["id"]
    body = {"assignment": f"{id}.1"}
    first = await four.ask("dispatch", f"/issues/{id}/sign", body, key="s", actor="handler:housing/wang")
    assert first.status_code in (404, 409)
    await four.done("intake", f"/issues/{id}/accept", actor="office:chen")
    await four.reaches("dispatch", id, "waiting")
    await four.done("dispatch", f"/issues/{id}/assign", {"department": "housing"}, actor="office:chen")
    again = await four.ask("dispatch", f"/issues/{id}/sign", body, key="s", actor="handler:housing/wang")
    assert again.json() == first.json()


async def test_the_same_key_with_another_body_is_refused(four: City) -> None:
    await four.registered("other-body")
    response = await four.ask(
        "intake", "/issues", {**LEAK, "title": "另一件"}, key="other-body", actor="entrepreneur:li"
    )
    assert (response.status_code, response.json()["reason"]) == (422, "id_reused")
    theirs = await four.done("intake", "/issues", LEAK, key="other-body", actor="entrepreneur:wu")
    assert theirs["id"] != (await four.registered("other-body"))["id"]


# ----------------------------------------------------------------------- bad input


def is_problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    body = dict(response.json())
    assert body["status"] == status
    assert body["title"]
    return body


@pytest.mark.parametrize(
    ("body", "field", "chinese", "english"),
    [
        ({**LEAK, "colour": "red"}, "colour", "没有这个字段", "Extra inputs are not permitted"),
        ({"title": "无"}, "text", "必填", "Field required"),
        ({**LEAK, "text": "字" * 20_001}, "text", "最多 20000 个字", "at most 20000 characters"),
        ({**LEAK, "title": ""}, "title", "至少 1 个字", "at least 1 character"),
        ({**LEAK, "kind": "complaint"}, "kind", "应为其中之一", "Input should be"),
        ({**LEAK, "title": 7}, "title", "应为文字", "valid string"),
        ({**LEAK, "anonymous": "perhaps"}, "anonymous", "应为 true 或 false", "valid boolean"),
        ([], "body", "应为 JSON 对象", "dictionary"),
    ],
)
async def test_a_wrong_field_is_named_with_its_rule_in_the_language_asked_for(
    four: City, body: Any, field: str, chinese: str, english: str
) -> None:
    for language, rule in (("zh-CN,zh;q=0.9,en;q=0.5", chinese), ("en", english)):
        response = await four.ask("intake", "/issues", body, language=language, key="never")
        (error,) = is_problem(response, 422)["errors"]
        assert error["field"] == field
        assert rule in error["rule"]


async def test_malformed_json_is_400_and_says_so(four: City) -> None:
    response = await four.clients["intake"].post(
        "/issues", content=b'{"title": ', headers={"Content-Type": "application/json"}
    )
    (error,) = is_problem(response, 400)["errors"]
    assert "JSON" in error["rule"]


async def test_a_body_of_ten_megabytes_is_413_however_it_is_sent(four: City) -> None:
    response = await four.ask("intake", "/issues", {**LEAK, "text": "a" * 10_000_000})
    (error,) = is_problem(response, 413)["errors"]
    assert error == {"field": "body", "rule": "at most 1000000 bytes"}

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"a" * 100_000

    is_problem(await four.clients["intake"].post("/issues", content=in_pieces()), 413)


async def test_a_wrong_credit_code_is_refused_and_nothing_is_registered(
    four: City, embedded: Parts, namespace: str
) -> None:
    wrong = {**LEAK, "enterprise": "91330100799655058X"}
    response = await four.ask(
        "intake", "/issues", wrong, key="credit", actor="entrepreneur:li", language="en"
    )
    problem = is_problem(response, 422)
    assert problem["reason"] == "wrong_credit_code"
    assert "enterprise" in problem["detail"]
    again = await four.ask("intake", "/issues", wrong, key="credit", actor="entrepreneur:li", language="en")
    assert again.json() == problem


async def test_an_issue_that_does_not_exist_is_404_everywhere(four: City) -> None:
    nobody = "0000000000000"
    for service, verb, body in (
        ("intake", "accept", {}),
        ("dispatch", "assign", {}),
        ("feedback", "decide-rework", {"round": 1, "granted": True}),
    ):
        problem = is_problem(
            await four.ask(service, f"/issues/{nobody}/{verb}", body, actor="office:chen"), 404
        )
        assert (problem["reason"], problem["title"]) == ("unknown_issue", "没有这件问题")
    for service in ("intake", "dispatch", "supervision", "feedback"):
        is_problem(await four.clients[service].get(f"/issues/{nobody}"), 404)


async def test_an_illegal_move_names_what_is_legal_and_changes_nothing(four: City) -> None:
    id = (await four.registered("illegal"))["id"]
    await four.done("intake", f"/issues/{id}/withdraw", {"reason": "已解决"}, actor="entrepreneur:li")
    before = await four.issue("intake", id)
    problem = is_problem(await four.ask("intake", f"/issues/{id}/accept", actor="office:chen"), 409)
    assert problem["reason"] == "illegal_move"
    assert "legal" not in problem  # withdrawn is an end
    after = await four.issue("intake", id)
    assert {**(before or {}), "version": 0} == {**(after or {}), "version": 0}
    assert after is not None
    assert after["due"] is None
    other, assignment = await four.assigned("illegal too")
    never = {"assignment": assignment, "draft": 1, "sha256": "0" * 64}
    problem = is_problem(
        await four.ask("dispatch", f"/issues/{other}/release", never, actor="office:chen"), 409
    )
    assert set(problem["legal"]) == {
        "sign",
        "return",
        "recall",
        "name_handler",
        "add_co_handler",
        "release_co_handler",
        "give_opinion",
    }


async def test_a_late_click_is_told_over_http_which_draft_is_current(four: City) -> None:
    id, assignment = await four.assigned("late click")
    body = {"assignment": assignment}
    await four.done("dispatch", f"/issues/{id}/sign", body, actor="handler:housing/wang")
    draft = {**body, "outcome": "solved", "text": "水管已经修好。"}
    await four.done("dispatch", f"/issues/{id}/draft", draft, actor="handler:housing/wang")
    page = await four.shown(id)
    missing = {**page, "reason": "请写明时限"}
    await four.done("dispatch", f"/issues/{id}/send-back", missing, actor="office:chen")
    await four.done("dispatch", f"/issues/{id}/draft", draft, actor="handler:housing/wang")
    late = await four.ask(
        "dispatch", f"/issues/{id}/sign-off", page, actor="department_leader:housing/head", language="en"
    )
    problem = is_problem(late, 409)
    assert (problem["reason"], problem["title"]) == ("stale_draft", "this is not the current draft")
    assert "number 2" in problem["detail"]
    named = {**draft, "signed_off_by": "head"}
    await four.done("dispatch", f"/issues/{id}/send-back", {**missing, "draft": 2}, actor="office:chen")
    forged = await four.ask("dispatch", f"/issues/{id}/draft", named, actor="handler:housing/wang")
    assert is_problem(forged, 403)["reason"] == "wrong_role"
    assert (await four.issue("dispatch", id) or {})["state"] == "in_progress"


async def test_the_longest_actor_and_key_are_answered_and_longer_ones_refused(four: City) -> None:
    """What no envelope takes must not be acknowledged first and dropped afterwards."""
    id = (await four.registered("long"))["id"]
    actor = "office:" + "c" * 80
    told = await four.done("intake", f"/issues/{id}/accept", key="k" * 200, actor=actor)
    assert told["state"] == "accepted"
    await four.done("intake", "/issues", LEAK, key="k" * 200, actor="entrepreneur:" + "c" * 80)
    is_problem(await four.ask("intake", f"/issues/{id}/withdraw", key="k" * 201, actor=actor), 422)
    (error,) = is_problem(await four.ask("intake", f"/issues/{'9' * 200}/accept", actor=actor), 422)["errors"]
    assert error["field"] == "path.id"


async def test_every_service_serves_its_openapi_document(four: City) -> None:
    paths = {
        name: (await client.get("/openapi.json")).json()["paths"] for name, client in four.clients.items()
    }
    assert {"/issues", "/issues/{id}/accept", "/issues/{id}/withdraw"} <= set(paths["intake"])
    assert {"/issues/{id}/assign", "/issues/{id}/sign-off", "/departments"} <= set(paths["dispatch"])
    assert {"/issues/{id}/rate", "/issues/{id}/decide-rework"} <= set(paths["feedback"])
    for name, found in paths.items():
        assert {"/health/ready", "/metrics", "/issues/{id}"} <= set(found), name


async def test_metrics_tell_outcomes_and_refusals_by_reason(four: City) -> None:
    await four.registered("counted")
    ground = {"ground": "petition", "explanation": "已在信访程序中"}
    await four.ask("intake", "/issues/0000000000000/reject", ground, actor="office:chen")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while 'reason="unknown_issue"' not in (text := (await four.clients["intake"].get("/metrics")).text):
            await asyncio.sleep(0.03)  # a batch is counted once it is committed, and answered before
    assert 'qinqing_refusals_total{reason="unknown_issue"}' in text
    assert 'qinqing_outcomes_total{status="done"}' in text
    for name in (
        "consumer_lag_records",
        "poll_age_seconds",
        "timer_heartbeat_seconds",
        "batch_records_count",
    ):
        assert f"qinqing_{name}" in text
