"""What a JVM keeps of Kafka's classes is made once, whole or not at all, and a start never fails for want of it."""

import asyncio
import fcntl
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from services.cli.embedded import kafka as embedded_kafka
from services.cli.embedded.classes import kept_classes
from services.cli.embedded.kafka import kafka_program
from services.cli.embedded.ports import Ports, free_ports
from services.cli.embedded.processes import Child, Program
from services.cli.embedded.services import HOST
from services.cli.embedded.stores import listens

CLASSPATH = ("a.jar", "b.jar")

STAND_IN = """
    import signal, socket, sys
    port, output = int(sys.argv[-1]), sys.argv[1].removeprefix("-XX:AOTCacheOutput=")
    open({starts!r}, "a").write("started\\n")
    def stop(number, frame):
        {on_stop}
        sys.exit()
    signal.signal(signal.SIGTERM, stop)
    server = socket.create_server(("127.0.0.1", port))
    signal.pause()
"""
"""Stands for a JVM: listens, and when it is stopped writes down what it had loaded."""


def jvm(folder: Path, on_stop: str = 'open(output, "w").write("classes")') -> Callable[[Path], Program]:
    script = folder / "jvm"
    text = textwrap.dedent(STAND_IN).format(starts=str(folder / "starts"), on_stop=on_stop)
    script.write_text(f"#!{sys.executable}\n{text}")
    script.chmod(0o755)
    (port,) = free_ports(1)

    async def command(_progress: Callable[[str], None]) -> list[str]:
        return [str(script), str(port)]

    async def ready() -> bool:
        return await listens(HOST, port)

    return lambda _folder: Program("kafka", "kafka", port, command, ready)


def left(folder: Path) -> list[str]:
    """What is kept, or half kept."""
    return [file.name for file in folder.iterdir() if file.suffix in (".aot", ".new")]


def starts(folder: Path) -> int:
    file = folder / "starts"
    return len(file.read_text().splitlines()) if file.exists() else 0


def kept_in(flags: tuple[str, ...]) -> Path:
    return Path(flags[0].removeprefix("-XX:AOTCache="))


async def test_the_first_start_makes_it_and_the_next_ones_use_it(tmp_path: Path) -> None:
    said: list[str] = []
    first = await kept_classes(tmp_path, CLASSPATH, jvm(tmp_path), said.append)
    again = await kept_classes(tmp_path, CLASSPATH, jvm(tmp_path), said.append)
    assert first == again
    assert left(tmp_path) == [kept_in(first).name]
    assert starts(tmp_path) == 1
    assert said == ["keeping its classes for later starts"]


async def test_other_jars_have_classes_of_their_own(tmp_path: Path) -> None:
    one = await kept_classes(tmp_path, CLASSPATH, jvm(tmp_path), str)
    other = await kept_classes(tmp_path, ("a.jar", "c.jar"), jvm(tmp_path), str)
    assert one[0] != other[0]


async def test_who_comes_while_another_makes_it_starts_without(tmp_path: Path) -> None:
    with (tmp_path / "qinqing-kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert await kept_classes(tmp_path, CLASSPATH, jvm(tmp_path), str) == ()
    assert starts(tmp_path) == 0


@pytest.mark.parametrize(
    "on_stop", ["pass", "sys.exit(3)"], ids=["a JVM that writes nothing", "a JVM that fails"]
)
async def test_where_it_cannot_be_made_a_start_goes_without(tmp_path: Path, on_stop: str) -> None:
    assert await kept_classes(tmp_path, CLASSPATH, jvm(tmp_path, on_stop), str) == ()
    assert starts(tmp_path) == 1
    assert left(tmp_path) == []


async def test_a_folder_that_cannot_be_written_is_no_hindrance(tmp_path: Path) -> None:
    assert await kept_classes(tmp_path / "not there", CLASSPATH, jvm(tmp_path), str) == ()


async def test_who_stops_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    begun = asyncio.Event()

    def progress(_said: str) -> None:
        begun.set()

    making = asyncio.create_task(kept_classes(tmp_path, CLASSPATH, jvm(tmp_path), progress))
    await begun.wait()
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert left(tmp_path) == []


@pytest.mark.prove
async def test_a_real_broker_starts_with_what_a_real_one_kept_and_without_what_is_spoilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []

    async def apart(_runtime: Path, *rest: object) -> tuple[str, ...]:
        flags = await kept_classes(tmp_path, *rest)  # type: ignore[arg-type]
        made[:] = [kept_in(flags)]
        return flags

    monkeypatch.setattr(embedded_kafka, "kept_classes", apart)
    for name, spoil in (("first", False), ("second", True), ("third", False)):
        base = free_ports(1)[0]
        broker = Child(kafka_program(Ports(base - 10), tmp_path / name), tmp_path / name / "logs")
        broker.start()
        try:
            await broker.wait_ready(120)
        finally:
            await broker.stop()
        assert made[0].stat().st_size > 10_000_000 or name == "third"
        if spoil:
            made[0].write_bytes(b"spoilt" * 1000)
