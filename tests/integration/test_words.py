"""What somebody says, and who says it, on real parts: read on every topic there is, and by whom it may be read."""

import json
from typing import Any

import pytest

from services.cli.embedded import Parts
from shared.bus.reader import read_all, topic_names
from shared.bus.records import Record
from tests.contacts import CALLED_FROM, SAID
from tests.integration.broker import own_namespace
from tests.integration.city import City
from tests.keys import REFERENCES, bearer

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

PHONE, CALLER = SAID, CALLED_FROM
FIRM = "91330100799655058B"
LI, WANG, OFFICE, CLERK = "entrepreneur:li", "entrepreneur:wang", "office:chen", "clerk:zhao"


@pytest.fixture(scope="module")
def namespace() -> str:
    return own_namespace("words")


async def raised(four: City, what: str, actor: str = LI, **more: Any) -> str:
    """An issue of which title and text have this word; its id."""
    body = {"title": f"{what}标题", "text": f"{what}正文，请回电{PHONE}。", **more}
    answer = await four.done("intake", "/issues", body, key=f"li-{what.encode().hex()}", actor=actor)
    assert answer["masked"] == 1
    return str(answer["id"])


async def registered(four: City) -> str:
    """Wang, as intake knows people for whom something is written down."""
    answer = await four.ask("intake", "/people", {"name": "王"}, actor=WANG)
    assert answer.status_code in (201, 409), answer.text
    return REFERENCES.person("wang")


async def on_all_topics(parts: Parts, namespace: str) -> list[Record]:
    """Every record of this namespace."""
    prefix = f"{namespace}."
    topics = await topic_names(parts.kafka_bootstrap, prefix)
    assert {"intake.commands", "intake.events", "dept.housing.orders", "feedback.commands"} <= set(topics)
    return [record async for record in read_all(parts.kafka_bootstrap, topics, prefix)]


async def test_no_word_of_an_issue_that_nobody_accepted_stands_on_any_topic(
    four: City, embedded: Parts, namespace: str
) -> None:
    waits, rejected, withdrawn = [await raised(four, what) for what in ("等待", "驳回", "撤回")]
    hidden = await raised(four, "隐名", enterprise=FIRM, anonymous=True)
    person = await registered(four)
    call = {"origin": "hotline", "person": person, "occasion": {"called_from": CALLER}}
    called = await raised(four, "来电", CLERK, **call)
    ground = {"ground": "petition", "explanation": "已在信访程序中"}
    await four.done("intake", f"/issues/{rejected}/reject", ground, actor=OFFICE)
    await four.done("intake", f"/issues/{withdrawn}/withdraw", actor=LI)
    for ended in (rejected, withdrawn):
        assert (await four.ask("intake", f"/issues/{ended}/accept", actor=OFFICE)).status_code == 409
    assert (await four.ask("intake", f"/issues/{waits}/accept", actor=LI)).status_code == 403
    accepted = await raised(four, "受理")
    await four.done("intake", f"/issues/{accepted}/accept", actor=OFFICE)
    await four.reaches("dispatch", accepted, "waiting")
    await four.done("dispatch", f"/issues/{accepted}/assign", {"department": "housing"}, actor=OFFICE)
    everything = [
        (record.topic, (record.value or b"").decode()) for record in await on_all_topics(embedded, namespace)
    ]
    for what in ("等待", "驳回", "撤回", "隐名", "来电", PHONE, CALLER, FIRM):
        assert not [topic for topic, value in everything if what in value], what
    assert {topic for topic, value in everything if "受理正文" in value} == {
        "intake.commands",
        "intake.events",
        "dept.housing.orders",
    }
    for id, actor in ((waits, LI), (hidden, LI), (called, CLERK), (called, WANG), (waits, OFFICE)):
        answer = await four.clients["intake"].get(f"/issues/{id}", headers=bearer(actor))
        assert "正文" in answer.json()["text"], actor
        assert PHONE not in answer.json()["text"]
        assert ("original" in answer.json()) == (actor != CLERK)


async def test_what_a_clerk_writes_down_only_the_person_rates(four: City) -> None:
    id = await raised(four, "代登", CLERK, person=await registered(four))
    await four.done("intake", f"/issues/{id}/accept", actor=OFFICE)
    await four.reaches("dispatch", id, "waiting")
    given = await four.done("dispatch", f"/issues/{id}/assign", {"department": "housing"}, actor=OFFICE)
    held = {"assignment": given["assignment"]}
    await four.done("dispatch", f"/issues/{id}/sign", held, actor="handler:housing/li")
    draft = {**held, "outcome": "solved", "text": "已办。"}
    await four.done("dispatch", f"/issues/{id}/draft", draft, actor="handler:housing/li")
    read = await four.shown(id)
    await four.done("dispatch", f"/issues/{id}/sign-off", read, actor="department_leader:housing/wu")
    for verb in ("check", "release"):
        await four.done("dispatch", f"/issues/{id}/{verb}", read, actor=OFFICE)
    await four.reaches("feedback", id, "invited")
    rating = {"round": 1, "satisfaction": "satisfied", "solved": "yes"}
    for other in (CLERK, OFFICE, LI):
        assert (await four.ask("feedback", f"/issues/{id}/rate", rating, actor=other)).status_code == 403
    for _ in range(2):
        done = await four.done("feedback", f"/issues/{id}/rate", rating, actor=WANG, key="once")
        assert done["state"] == "closed"


async def test_an_anonymous_raisers_two_issues_cannot_be_linked_by_anything_on_any_topic(
    four: City, embedded: Parts, namespace: str
) -> None:
    """What they have in common, an issue of somebody else has in common with them too."""
    about = {"enterprise": FIRM, "anonymous": True}
    one, two = [await raised(four, what, **about) for what in ("路灯", "围墙")]
    third = await raised(four, "绿化", WANG, **about)
    for id, actor in ((one, LI), (two, LI), (third, WANG)):
        key = f"{actor}-withdraws"
        await four.done("intake", f"/issues/{id}/withdraw", {"reason": "已解决"}, actor=actor, key=key)
        await four.reaches("feedback", id, "withdrawn")
    found: dict[str, set[str]] = {one: set(), two: set(), third: set()}
    for record in await on_all_topics(embedded, namespace):
        id = (record.key or b"").decode()
        if id in found:
            found[id] |= strings(json.loads(record.value or b"{}"))
    assert found[one] & found[two] <= found[third]
    assert not [part for part in (REFERENCES.person("li"), FIRM, "li") if part in found[one] | found[two]]


def strings(value: Any) -> set[str]:
    """Every string of a record, and every part of one between slashes and colons."""
    if isinstance(value, dict):
        return set().union(*map(strings, value.values()))
    if isinstance(value, list):
        return set().union(*map(strings, value))
    return {value, *value.replace(":", "/").split("/")} if isinstance(value, str) else set()
