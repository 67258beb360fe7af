"""Who does something in a town that is played with: people over HTTP, and what somebody writes past all services."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.bus.gateway import Request, sealed
from shared.bus.topics import topic_settings
from shared.contract.command import Command
from tests.embedded.test_scenario import PARTITIONS
from tests.keys import bearer
from tests.operations.playing import Town, until
from tests.operations.watching import qinqing

RAISER, OFFICE, HANDLER = "entrepreneur:wu", "office:chen", "handler:housing/li"
LOCKS = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
while True:
    database.execute("BEGIN IMMEDIATE")
    time.sleep(float(sys.argv[2]))
    database.execute("ROLLBACK")
    time.sleep(0.1)
"""
"""A shell of SQLite that holds a file for so many seconds, again and again."""
HINDERS = """
import os, signal, sys, time
pid = int(sys.argv[1])
def go_on(*_):
    os.kill(pid, signal.SIGCONT)
    sys.exit(0)
signal.signal(signal.SIGTERM, go_on)
while True:
    os.kill(pid, signal.SIGSTOP)
    time.sleep(float(sys.argv[2]))
    os.kill(pid, signal.SIGCONT)
    time.sleep(0.1)
"""
"""What takes the machine from another program for so many seconds, again and again."""


async def asked(
    town: Town, service: str, path: str, actor: str, body: Mapping[str, Any], after: str = ""
) -> httpx.Response:
    """What a service answers to somebody, however long that takes."""
    keys, jurisdiction = town.parts.keys_dir, town.watched.state.jurisdiction
    headers = bearer(actor, jurisdiction, keys) | {"Idempotency-Key": uuid4().hex}
    headers |= {"Qinqing-After": after} if after else {}
    async with httpx.AsyncClient(base_url=town.url(service), timeout=60.0, trust_env=False) as client:
        return await client.post(path, json=dict(body), headers=headers)


async def done(
    town: Town, service: str, path: str, actor: str, body: Mapping[str, Any], after: str = ""
) -> dict[str, Any]:
    """The outcome of what somebody did."""
    answer = await asked(town, service, path, actor, body, after)
    assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"
    return dict(answer.json())


async def qinqing_says(town: Town, *words: object) -> str:
    """What a command of the command line says about this town."""
    command = qinqing(*map(str, words), "--data", str(town.data))
    return await asyncio.to_thread(subprocess.check_output, command, text=True)


def versions(town: Town, service: str) -> set[str]:
    """The versions of reference data that a service knows."""
    headers = bearer("operator:yan", town.watched.state.jurisdiction, town.parts.keys_dir)
    answer = httpx.get(f"{town.url(service)}/reference", headers=headers, timeout=30.0, trust_env=False)
    return {str(one["version"]) for one in answer.raise_for_status().json()}


async def raised(town: Town, title: str = "路灯不亮") -> dict[str, Any]:
    """An issue that was raised just now."""
    said = {"title": title, "text": "夜班职工骑车摔过两次。"}
    return await done(town, "intake", "/issues", RAISER, said)


async def accepted(town: Town, issue: Mapping[str, Any]) -> dict[str, Any]:
    """The office takes it on."""
    return await done(town, "intake", f"/issues/{issue['id']}/accept", OFFICE, {})


@asynccontextmanager
async def writer(town: Town) -> AsyncIterator[AIOKafkaProducer]:
    """Somebody who writes to topics past all services."""
    producer = AIOKafkaProducer(bootstrap_servers=town.parts.kafka_bootstrap, acks="all")
    async with producer:
        yield producer


Asked = tuple[str, Command, str, str]
"""Subject, command, actor and key."""


async def commanded(town: Town, asked: Sequence[Asked], at: datetime | None = None) -> None:
    """Commands that stand on their topics since that instant, as after a stand-still; now where none is named."""
    milliseconds = None if at is None else int(at.timestamp() * 1000)
    async with writer(town) as producer:
        sent = []
        for subject, command, actor, key in asked:
            source = f"/{town.watched.state.jurisdiction}/{command.service}"
            record = sealed(Request(subject, command, "http", actor, f"{subject}/{key}"), source)
            headers = [(name, text.encode()) for name, text in record.wire_headers().items()]
            place = {"key": record.key.encode(), "headers": headers, "timestamp_ms": milliseconds}
            sent.append(await producer.send(record.topic, record.value, **place))
        await asyncio.gather(*sent)


async def move_offsets(town: Town, group: str, topic: str) -> None:
    """Somebody moves a group's offsets to the end of a topic, while nobody of it reads."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=town.parts.kafka_bootstrap, group_id=group, enable_auto_commit=False
    )
    async with consumer:
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.commit(await consumer.end_offsets(places))


async def take_records_of_at_most(town: Town, topic: str, most: int | None) -> None:
    """Somebody changes how large a record of this topic may be; None sets it right again."""
    kept = topic_settings(topic)
    wanted = kept if most is None else {**kept, "max.message.bytes": str(most)}
    admin = AIOKafkaAdminClient(bootstrap_servers=town.parts.kafka_bootstrap)
    await admin.start()
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, wanted)])
    finally:
        await admin.close()


@asynccontextmanager
async def stopped(town: Town, service: str) -> AsyncIterator[None]:
    """A service is stopped and not started again until this ends: who would start it stands still."""
    supervisor, process = town.watched.state.pid, psutil.Process(town.pid(service))
    os.kill(supervisor, signal.SIGSTOP)
    try:
        process.terminate()
        await until(lambda: process.status() == psutil.STATUS_ZOMBIE, f"{service} does not stop")
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)


@contextmanager
def program(text: str, *arguments: object) -> Iterator["subprocess.Popen[bytes]"]:
    """Another program on this machine, until this ends or somebody ends it."""
    running = subprocess.Popen([sys.executable, "-c", text, *map(str, arguments)])
    try:
        yield running
    finally:
        running.terminate()
        running.wait(30)


def projection_of(town: Town) -> Path:
    """The file that the portal writes to now."""
    files = sorted((town.data / "portal").glob("projection-*.db"), key=lambda path: path.stat().st_mtime)
    assert files, "the portal has a projection"
    return files[-1]
