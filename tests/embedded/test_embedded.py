"""The embedded system on real parts: it starts, keeps its data, says which port is taken, and leaves nobody behind."""

import asyncio
import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.parts import free_base_port
from services.cli.embedded import (
    AlreadyRunning,
    Child,
    Embedded,
    Parts,
    PortsTaken,
    Program,
    StartFailed,
    WrongLayout,
    free_ports,
)
from services.cli.embedded.ports import SERVICES, taken_ports
from services.cli.embedded.processes import fixed
from services.cli.embedded.services import is_ready, service_program
from services.cli.embedded.state import LAYOUT, created_at, process_of, read_state
from services.cli.system import running_system
from shared.identity.keys import REFERENCE, VAULT, check_keys
from shared.store import connect

pytestmark = pytest.mark.integration

HERE = Path(__file__).parent
STANDIN = [sys.executable, str(HERE / "standin.py")]


def standin(_name: str) -> list[str]:
    return STANDIN


async def eventually(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something a foreign process does."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.05)


def standin_child(tmp_path: Path, *options: str) -> Child:
    (port,) = free_ports(1)
    parts = Parts("127.0.0.1:1", dict.fromkeys(SERVICES, "mongodb://127.0.0.1:1"), tmp_path)
    program = service_program("intake", parts, port, command=lambda _name: [*STANDIN, *options])
    return Child(program, tmp_path / "logs")


async def produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_request_size=16 << 20
    ) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, key=b"k")


async def consume(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", max_partition_fetch_bytes=16 << 20
    )
    async with consumer, asyncio.timeout(20):
        return [(await consumer.getone()).value for _ in range(count)]


async def create_topic(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1)])
    finally:
        await admin.close()


async def test_kafka_takes_a_record_of_ten_megabytes_and_gives_it_back(kafka_bootstrap: str) -> None:
    await create_topic(kafka_bootstrap, "embedded.large")
    # Of other random bytes every second such record has something in it that looks like a mail address, and the last
    # test of a whole run reads every topic for those (tests/leaks.py).
    large = random.Random(1).randbytes(10_000_000)
    await produce(kafka_bootstrap, "embedded.large", [b"small", large])
    assert await consume(kafka_bootstrap, "embedded.large", 2) == [b"small", large]


async def test_the_store_answers(store_url: str) -> None:
    from pymongo import AsyncMongoClient

    async with AsyncMongoClient(store_url) as client:
        await client["embedded"]["things"].insert_one({"_id": "a", "n": 1})
        assert await client["embedded"]["things"].find_one({"_id": "a"}) == {"_id": "a", "n": 1}


async def test_a_stop_leaves_no_process_and_tells_other_commands_so(tmp_path: Path) -> None:
    async with Embedded(tmp_path, free_base_port(), service_command=standin) as system:
        found = running_system(tmp_path)
        assert found is not None
        assert (found.phase, found.pid) == ("ready", os.getpid())
        assert found.kafka_bootstrap == system.parts.kafka_bootstrap
        assert set(found.service_urls) == set(found.store_urls) == set(SERVICES)
        started = {child.pid: created_at(child.pid) for child in system.children}
        assert len(started) == 11
        with pytest.raises(AlreadyRunning):
            await Embedded(tmp_path, free_base_port(), services=(), stores=()).start()
    assert not [pid for pid, created in started.items() if process_of(pid, created)]
    assert running_system(tmp_path) is None
    assert taken_ports(system.needed_ports()) == []


async def test_a_taken_port_is_named_with_its_purpose_and_holder_and_nothing_is_started(
    tmp_path: Path,
) -> None:
    base = free_base_port()
    with socket.create_server(("127.0.0.1", base + 10)):
        system = Embedded(tmp_path, base, service_command=standin)
        with pytest.raises(PortsTaken) as refused:
            await system.start()
    (taken,) = refused.value.taken
    assert (taken.port, taken.purpose) == (base + 10, "kafka")
    assert taken.holder is not None
    assert f"pid {os.getpid()}" in taken.holder
    assert system.children == []


def qinqing(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", *arguments], capture_output=True, text=True, timeout=60
    )


def test_up_on_taken_ports_ends_with_2_and_says_how_to_change_them(tmp_path: Path) -> None:
    base = free_base_port()
    with socket.create_server(("127.0.0.1", base)):
        plain = qinqing("up", "--data", str(tmp_path), "--base-port", str(base))
        as_json = qinqing("up", "--detach", "--data", str(tmp_path), "--base-port", str(base), "--json")
    assert plain.returncode == as_json.returncode == 2
    for part in (
        f"port {base} (for intake)",
        f"pid {os.getpid()}",
        "--base-port N",
        "QINQING_BASE_PORT",
        "BASE_PORT=N",
    ):
        assert part in plain.stderr
    answer = json.loads(as_json.stdout)
    assert [(port["port"], port["purpose"]) for port in answer["ports"]] == [(base, "intake")]


def test_data_of_another_layout_is_refused_with_the_way_round_it_and_nothing_is_started(
    tmp_path: Path,
) -> None:
    (tmp_path / "store" / "intake").mkdir(parents=True)
    where = ("--data", str(tmp_path), "--base-port", str(free_base_port()))
    for found, command in (
        (None, ("up",)),
        ("4", ("up", "--detach")),
        ("6", ("replay", str(_two_messages(tmp_path)))),
    ):
        if found is not None:
            (tmp_path / "layout").write_text(found)
        ended = qinqing(*command, *where)
        assert ended.returncode == 2
        for part in (f"layout {found or 1}", f"layout {LAYOUT}", "nothing is migrated", "--data"):
            assert part in ended.stderr
    assert not (tmp_path / "logs" / "kafka.log").exists()
    assert not (tmp_path / "kafka").exists()


def _two_messages(folder: Path) -> Path:
    file = folder / "two.csv"
    header = "message_id,author,subject,submitted_at,text,reply,replied_at"
    rows = [f"{number},A,题,2019-04-01T08:00:00+08:00,内容,," for number in range(2)]
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


async def test_what_a_folder_holds_survives_a_stop_and_a_start_on_other_ports(tmp_path: Path) -> None:
    async with Embedded(tmp_path, free_base_port(), services=(), stores=()) as system:
        await create_topic(system.parts.kafka_bootstrap, "kept")
        await produce(system.parts.kafka_bootstrap, "kept", [b"one", b"two"])
        first = _begun(tmp_path)
    async with Embedded(tmp_path, free_base_port(), services=(), stores=()) as system:
        assert await consume(system.parts.kafka_bootstrap, "kept", 2) == [b"one", b"two"]
        assert _begun(tmp_path) == first
        check_keys(str(system.parts.keys_dir), REFERENCE, VAULT)
        assert system.parts.keys_dir.stat().st_mode & 0o077 == 0
    assert first["layout"].strip() == LAYOUT
    assert f"cluster.id={first['kafka/cluster-id']}" in first["kafka/log/meta.properties"]


def _begun(folder: Path) -> dict[str, str]:
    """What a folder is known by, as its first start wrote it."""
    names = ("layout", "kafka/cluster-id", "kafka/log/meta.properties")
    keys = sorted(str(path.relative_to(folder)) for path in (folder / "keys").iterdir())
    return {name: (folder / name).read_text() for name in (*names, *keys)}


async def test_another_layout_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    (tmp_path / "layout").write_text("1")
    with pytest.raises(WrongLayout):
        await Embedded(tmp_path, free_base_port(), services=(), stores=("intake",)).start()
    assert running_system(tmp_path) is None


async def test_services_find_the_keys_live_and_in_a_replay(tmp_path: Path) -> None:
    parts = Parts("127.0.0.1:1", dict.fromkeys(SERVICES, "mongodb://127.0.0.1:1"), tmp_path)
    for name in SERVICES:
        for history in (False, True):
            program = service_program(
                name, parts, 1, namespace="replay-1" if history else "", history=history
            )
            assert program.env["QINQING_KEYS_DIR"] == str(tmp_path / "keys")


def test_data_without_the_key_it_was_written_under_is_not_started_with_another(tmp_path: Path) -> None:
    (tmp_path / "layout").write_text(LAYOUT)
    where = ("--data", str(tmp_path), "--base-port", str(free_base_port()))
    for ended in (
        qinqing("up", *where),
        qinqing("up", "--detach", *where),
        qinqing("replay", str(_two_messages(tmp_path)), *where),
    ):
        assert ended.returncode == 2
        assert "keys/reference.key is missing" in ended.stderr
        assert "Traceback" not in ended.stderr
    assert not (tmp_path / "keys").exists()


def test_status_and_stop_say_when_nothing_runs(tmp_path: Path) -> None:
    status, stop = (qinqing(command, "--data", str(tmp_path), "--json") for command in ("status", "stop"))
    assert (status.returncode, json.loads(status.stdout)) == (1, {"running": False})
    assert (stop.returncode, json.loads(stop.stdout)) == (0, {"stopped": False, "ended": []})


async def test_a_killed_supervisor_leaves_no_orphan_and_its_data_starts_again(tmp_path: Path) -> None:
    base = free_base_port()
    supervisor = await asyncio.create_subprocess_exec(
        *[sys.executable, str(HERE / "keep_running.py"), str(tmp_path), str(base)]
    )
    try:
        await eventually(lambda: (found := running_system(tmp_path)) and found.phase == "ready", 60)
        second = qinqing("up", "--data", str(tmp_path))
        assert second.returncode == 2
        assert f"already runs (pid {supervisor.pid}" in second.stderr
        state = read_state(tmp_path)
        assert state is not None
    finally:
        supervisor.send_signal(signal.SIGKILL)
        await supervisor.wait()
    if sys.platform.startswith("linux"):  # elsewhere the next start ends them
        await eventually(lambda: not [part for part in state.parts if process_of(part.pid, part.created)])
    assert running_system(tmp_path) is None
    async with Embedded(tmp_path, base, service_command=standin) as system:
        assert all(child.state == "ready" for child in system.children)


@pytest.mark.prove
async def test_what_a_dead_supervisor_left_is_ended_at_the_next_start(tmp_path: Path) -> None:
    left = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(600)")
    created = created_at(left.pid)
    async with Embedded(tmp_path, free_base_port(), services=(), stores=("intake",)):
        state = read_state(tmp_path)
        assert state is not None
    state.parts[0].pid, state.parts[0].created = left.pid, created
    state.write()
    async with Embedded(tmp_path, free_base_port(), services=(), stores=("intake",)):
        assert process_of(left.pid, created) is None


async def test_a_killed_child_is_started_again_and_counted(tmp_path: Path) -> None:
    child = standin_child(tmp_path)
    child.start()
    try:
        await child.wait_ready(20)
        first = child.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: child.restarts == 1 and child.state == "ready")
        assert child.pid not in (None, first)
        assert await is_ready("127.0.0.1", child.program.port)
    finally:
        await child.stop()
    assert child.pid is None
    assert not await is_ready("127.0.0.1", child.program.port)


async def test_a_child_that_finds_no_space_to_start_again_is_started_once_there_is(tmp_path: Path) -> None:
    child, lives = standin_child(tmp_path), 0
    command = child.program.command

    async def full_at_first(progress: Callable[[str], None]) -> list[str]:
        nonlocal lives
        lives += 1
        if 1 < lives < 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return await command(progress)

    child.program = replace(child.program, command=full_at_first)
    child.start()
    try:
        await child.wait_ready(20)
        child.kill()
        await eventually(lambda: child.restarts == 3 and child.state == "ready")
    finally:
        await child.stop()


@pytest.mark.prove
async def test_a_killed_kafka_and_store_come_back_with_their_data(tmp_path: Path) -> None:
    async with Embedded(tmp_path, free_base_port(), services=(), stores=("intake",)) as system:
        await create_topic(system.parts.kafka_bootstrap, "kept")
        await produce(system.parts.kafka_bootstrap, "kept", [b"one"])
        async with connect(system.parts.store_urls["intake"], "kept") as database:
            assert await database.entries("kept").add("one", {"value": 1})
            for child in reversed(system.children):  # the store first, in the moment of its answer
                child.kill()
            await eventually(lambda: all(c.restarts == 1 and c.state == "ready" for c in system.children), 60)
            assert await database.entries("kept").get("one")
        assert await consume(system.parts.kafka_bootstrap, "kept", 1) == [b"one"]


async def test_a_child_that_ignores_a_polite_stop_is_killed(tmp_path: Path) -> None:
    child = standin_child(tmp_path, "--stubborn")
    child.program = replace(child.program, grace_seconds=0.5)
    child.start()
    await child.wait_ready(20)
    began = time.monotonic()
    pid, created = child.pid, created_at(child.pid)
    await child.stop()
    assert 0.4 < time.monotonic() - began < 5
    assert process_of(pid, created) is None


async def test_a_child_that_never_gets_ready_gives_up_and_shows_the_end_of_its_log(tmp_path: Path) -> None:
    async def never() -> bool:
        return False

    broken = fixed(sys.executable, "-c", "import sys; sys.exit('QINQING_HTTP_PORT is not a number')")
    child = Child(Program("broken", "service", 1, broken, never), tmp_path / "logs")
    child.start()
    with pytest.raises(StartFailed) as failed:
        await child.wait_ready(30)
    await child.stop()
    assert "broken: ended 5 times before it was ready" in str(failed.value)
    assert "QINQING_HTTP_PORT is not a number" in str(failed.value)
