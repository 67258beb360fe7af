"""The last test there is: whatever the run before it left on real parts shows no secret, and nobody's contact.

By itself, without the suite, it reads what its own people leave: one is registered, looked at and erased, another calls
the hotline and gets a link, and both are asked for in wrong ways too. Only ``dept.<code>.orders`` may show how
somebody is reached: a department has to call them. The addresses of notices stand in the mails themselves, which an
embedded mailbox keeps as ``mailbox/*.eml``; no topic, document, log or metric of who sends them has one.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from prometheus_client import generate_latest
from pymongo import AsyncMongoClient

from services.cli.embedded import Parts
from services.intake.vault import NONCE_BYTES
from shared.bus.reader import _polls, topic_names
from shared.bus.records import Outgoing
from shared.identity.keys import VAULT, secret
from tests.contacts import CALLED_FROM, CARD, LI, SAID, WANG
from tests.integration.broker import make_topics, own_namespace, put, reader
from tests.integration.city import City, city
from tests.keys import KEYS, bearer
from tests.leaks import ORDERS, SECRETS, Finder, finder, keys_below, log_files, none_of, searched

pytestmark = [pytest.mark.last, pytest.mark.asyncio(loop_scope="module")]

OFFICE, CLERK, OPERATOR = "office:chen", "clerk:zhao", "operator:sun"
HANDLER, LEADER = "handler:housing/li", "department_leader:housing/wu"
TOGETHER = 100
"""So many topics are read by one consumer: each poll asks anew about all it has."""


@pytest.fixture(scope="module")
def namespace() -> str:
    return own_namespace("last")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def four(embedded: Parts, namespace: str) -> AsyncIterator[City]:
    """Four services in which people were registered, called, asked for in wrong ways, and erased."""
    async with city(embedded.kafka_bootstrap, embedded.store_urls["intake"], namespace) as services:
        person = await known(services)
        await calls(services, person)
        await wrong_ways(services, person)
        await dead_letters(embedded.kafka_bootstrap, namespace)
        await services.done("intake", f"/people/{person}/erase", actor=OFFICE)
        yield services


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def keys_of_people(four: City, store_url: str) -> set[bytes]:
    """The keys of all persons and issues that are in a vault of the run's store."""
    wrapping, keys = AESGCM(secret(KEYS, VAULT)), set()
    async with AsyncMongoClient(store_url) as client:
        for database in await client.list_database_names():
            async for entry in client[database]["keys"].find({"key": {"$exists": True}}):
                nonce, wrapped = entry["key"][:NONCE_BYTES], entry["key"][NONCE_BYTES:]
                with suppress(InvalidTag):  # a deployment with other keys than the tests'
                    keys.add(wrapping.decrypt(nonce, wrapped, entry["_id"].encode()))
    assert keys
    return keys


@pytest.fixture(scope="module")
def keys_of_others(tmp_path_factory: pytest.TempPathFactory) -> set[bytes]:
    """The keys of every deployment that was made below the run's folder."""
    return keys_below(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def looking(keys_of_others: set[bytes], keys_of_people: set[bytes]) -> Finder:
    """Looks for everybody's keys too."""
    return finder(KEYS, keys_of_others | keys_of_people)


async def known(four: City) -> str:
    """Somebody is registered by the office, changed, found by phone and looked at; the reference."""
    answer = await four.done("intake", "/people", {**LI._asdict(), "trade": "纺织"}, actor=OFFICE)
    person = str(answer["person"])
    changed = {"name": WANG.name, "phone": WANG.phone, "mail": WANG.mail}
    await four.done("intake", f"/people/{person}/change", changed, actor=OFFICE)
    assert (await four.done("intake", "/people/find", {"phone": WANG.phone}, actor=OFFICE))[
        "person"
    ] == person
    shown = await four.done("intake", f"/people/{person}/contact", {"why": f"回访{WANG.phone}"}, actor=OFFICE)
    assert shown == WANG._asdict()
    return person


async def calls(four: City, person: str) -> None:
    """That person's call is written down, gets a link, and goes as far as a draft; everybody writes numbers down."""
    words = {"title": "水压低", "text": f"厂里水压低，请回电{SAID}，身份证{CARD}。"}
    call = {"origin": "hotline", "person": person, "occasion": {"called_from": CALLED_FROM}}
    id = (await four.done("intake", "/issues", {**words, **call}, actor=CLERK))["id"]
    link = (await four.done("intake", f"/issues/{id}/links", actor=OFFICE))["link"]
    SECRETS["the secret of a link"] = link.rpartition(".")[2]
    await four.done("intake", "/links/redeem", {"link": link}, actor=OPERATOR)
    assert (
        await four.ask("intake", "/links/redeem", {"link": f"{link}0"}, actor=OPERATOR)
    ).status_code == 404
    correction = {"title": "水压低", "text": f"水压低，改打{WANG.phone}。"}
    await four.done("intake", f"/issues/{id}/correct-words", correction, actor=CLERK)
    await four.done("intake", f"/issues/{id}/accept", actor=OFFICE)
    await four.reaches("dispatch", id, "waiting")
    given = await four.done("dispatch", f"/issues/{id}/assign", {"department": "housing"}, actor=OFFICE)
    held = {"assignment": given["assignment"]}
    await four.done("dispatch", f"/issues/{id}/sign", held, actor=HANDLER)
    draft = {**held, "outcome": "solved", "text": f"已办，详询{SAID}。"}
    await four.done("dispatch", f"/issues/{id}/draft", draft, actor=HANDLER)
    read = {**await four.shown(id), "reason": f"请先致电{SAID}"}
    await four.done("dispatch", f"/issues/{id}/send-back", read, actor=LEADER)


async def wrong_ways(four: City, person: str) -> None:
    """Contacts and tokens where they cannot be, and where they do not belong."""
    intake, token = four.clients["intake"], bearer(OFFICE)["Authorization"].removeprefix("Bearer ")
    wrong: tuple[tuple[str, dict[str, Any]], ...] = (
        ("/people", {"json": {**WANG._asdict(), "phone": f"{WANG.phone}x"}}),
        ("/people", {"content": f'{{"phone":{WANG.phone}', "headers": {"Content-Type": "application/json"}}),
        ("/people/find", {"json": {"phone": [WANG.phone, WANG.mail, CARD]}}),
        (f"/people/{WANG.phone}/contact", {"json": {"why": LI.name}}),
        (f"/people/{person}/change?phone={WANG.phone}", {"json": {"mail": f"{LI.mail} {LI.name}"}}),
        (f"/people/find?token={token}", {"json": {}}),
        ("/people/find", {"json": {"phone": WANG.phone}, "headers": {"Authorization": f"Bearer {token}x"}}),
    )
    for place, request in wrong:
        assert (await intake.post(place, **request)).status_code in (400, 401, 404, 422), place


async def dead_letters(bootstrap: str, namespace: str) -> None:
    """The registration of a person comes once more, cut short."""
    async with reader(bootstrap, namespace, "intake.commands") as commands:
        registered = await commands.until(
            lambda raws: [raw for raw in raws if b"intake.person.register.v1" in raw.value]
        )
    broken = Outgoing("intake.commands", registered[0].key.decode(), registered[0].value[:-1])
    await put(bootstrap, namespace, [broken])
    async with reader(bootstrap, namespace, "intake.dlq") as read:
        await read.dead_letter()


async def records(bootstrap: str, begin: str = "") -> AsyncIterator[tuple[str, bytes]]:
    """Every record of the run's Kafka that departments do not read: its topic, and all of it."""
    topics = [name for name in await topic_names(bootstrap) if not ORDERS.search(name)]
    left = [name for name in topics if name.startswith(begin)]
    for start in range(0, len(left), TOGETHER):
        async for raws in _polls(bootstrap, left[start : start + TOGETHER], ""):
            for raw in raws:
                headers = [part for name, value in raw.headers for part in (name.encode(), value or b"")]
                yield raw.topic, b"\n".join([raw.key or b"", raw.value or b"", *headers])


async def documents(store_url: str, begin: str = "") -> AsyncIterator[tuple[str, bytes]]:
    """Every document of the run's store: its collection, and all of it."""
    raw = CodecOptions(document_class=RawBSONDocument)
    async with AsyncMongoClient(store_url) as client:
        for name in await client.list_database_names():
            if not name.startswith(begin):
                continue
            for collection in await client[name].list_collection_names():
                async for document in client[name].get_collection(collection, codec_options=raw).find():
                    yield f"{name}.{collection}", bytes(document.raw)


async def logs(base: Path, *but: Path) -> AsyncIterator[tuple[str, bytes]]:
    """Every file there that grows line by line, but for these folders."""
    for path in log_files(base, *but):
        yield str(path), path.read_bytes()


@pytest.mark.integration
async def test_no_topic_but_the_departments_orders_shows_a_secret_or_a_contact(
    four: City, kafka_bootstrap: str, namespace: str, looking: Finder
) -> None:
    read, leaks = await searched(records(kafka_bootstrap), looking)
    expected = {"intake.commands", "intake.events", "intake.dlq", "dispatch.events"}
    assert {f"{namespace}.{topic}" for topic in expected} <= read
    none_of(leaks)


@pytest.mark.integration
async def test_no_document_of_a_store_shows_a_secret_or_a_contact(
    four: City, store_url: str, namespace: str, looking: Finder
) -> None:
    read, leaks = await searched(documents(store_url), looking)
    expected = {"intake.keys", "intake.looks", "intake.aggregates", "dispatch.aggregates"}
    assert {f"{namespace}_{place}" for place in expected} <= read
    none_of(leaks)


@pytest.mark.integration
async def test_no_log_of_the_real_parts_shows_a_secret_or_a_contact(
    four: City, embedded: Parts, looking: Finder
) -> None:
    read, leaks = await searched(logs(embedded.data_dir, embedded.data_dir / "kafka" / "log"), looking)
    assert {
        str(embedded.data_dir / "logs" / f"{name}.log") for name in ("kafka-server", "store-intake")
    } <= read
    none_of(leaks)


@pytest.mark.integration
async def test_no_metric_shows_a_secret_or_a_contact(four: City, looking: Finder) -> None:
    for name, client in four.clients.items():
        shown = (await client.get("/metrics")).content
        assert b"qinqing_records_total" in shown
        none_of(looking.leaks(f"/metrics of {name}", shown))
    none_of(looking.leaks("the metrics of this process", generate_latest()))


@pytest.mark.integration
async def test_what_is_planted_now_that_all_was_read_is_found_wherever_it_stands(
    embedded: Parts, looking: Finder, tmp_path: Path
) -> None:
    planted, number = own_namespace("planted"), WANG.phone.encode()
    topics = [f"{planted}.{topic}" for topic in ("by.key", "by.value", "intake.dlq", "dept.housing.orders")]
    await make_topics(embedded.kafka_bootstrap, topics, 1)
    await put(
        embedded.kafka_bootstrap,
        planted,
        [
            Outgoing("by.key", WANG.phone, b"{}"),
            Outgoing("by.value", "k", number),
            Outgoing("intake.dlq", "k", b"{}", {"reason": f"{WANG.phone} is none"}),
            Outgoing("dept.housing.orders", "k", number),
        ],
    )
    _, leaks = await searched(records(embedded.kafka_bootstrap, planted), looking)
    assert sorted(leak.place for leak in leaks) == sorted(topics[:3])
    url = embedded.store_urls["intake"]
    async with AsyncMongoClient(url) as client:
        await client[planted]["things"].insert_one({"_id": "a", "phone": WANG.phone})
        _, leaks = await searched(documents(url, planted), looking)
        await client.drop_database(planted)
    assert f"{planted}.things" in {leak.place for leak in leaks}
    log = tmp_path / "intake.log"
    log.write_text(f"asked for {WANG.name}")
    _, leaks = await searched(logs(tmp_path), looking)
    log.unlink()  # before all logs are read (tests/security/test_what_was_said_and_logged.py)
    assert [leak.what for leak in leaks] == [f"the name of {WANG.name}"]
