"""Which topics exist, how each is kept, and creating them; a topic that exists and is kept otherwise is refused."""

import asyncio
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError, KafkaError, for_code

from shared.contract.event import APART, orders_topic, reference_topic, replies_topic

LARGEST_RECORD = 12 * 1024 * 1024
LARGEST_DEAD_LETTER = 14 * 1024 * 1024
DAY_MS = 24 * 3600 * 1000

SAFE_COPIES = 3
"""From so many copies on, two must have a record before it is acknowledged: one may be lost, or be away."""
AT_LEAST = frozenset({"max.message.bytes", "min.insync.replicas"})
"""Settings of which more is no harm."""


class WrongPartitions(RuntimeError):
    """A topic exists with another number of partitions than this deployment was told."""


class WrongSettings(RuntimeError):
    """A topic exists and is kept otherwise than this deployment rests on."""


def topic_settings(topic: str, replication: int = 1) -> dict[str, str]:
    """How one topic (without prefix) is kept: ours for ever, a department's for 90 days.

    A department does not say itself when it answered: its replies bear the broker's time.
    """
    settings = {
        "cleanup.policy": "delete",
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "max.message.bytes": str(LARGEST_RECORD),
        "message.timestamp.type": "CreateTime",
        "min.insync.replicas": "2" if replication >= SAFE_COPIES else "1",
    }
    if topic.endswith(".dlq"):
        settings["max.message.bytes"] = str(LARGEST_DEAD_LETTER)
    if topic.endswith(".reference"):
        settings["cleanup.policy"] = "compact"
        del settings["retention.ms"], settings["retention.bytes"]
    if topic.startswith("dept."):
        settings["retention.ms"] = str(90 * DAY_MS)
        del settings["retention.bytes"]  # how much may lie there meanwhile is for whoever keeps the broker
        if topic.endswith(".replies"):
            settings["message.timestamp.type"] = "LogAppendTime"
    return settings


def service_topics(service: str) -> list[str]:
    """What one service creates at its start: its commands, events, dead letters, reference data, and topics apart."""
    own = [f"{service}.commands", f"{service}.events", f"{service}.dlq", reference_topic(service)]
    return [*own, *(topic for topic in APART if topic.startswith(f"{service}."))]


def department_topics(code: str) -> list[str]:
    """The two topics of one department."""
    return [orders_topic(code), replies_topic(code)]


async def ensure_topics(
    bootstrap: str,
    prefix: str,
    topics: Iterable[str],
    *,
    partitions: int,
    replication: int = 1,
    patience: float = 60.0,
) -> None:
    """Create what is missing; raise WrongPartitions or WrongSettings where one exists otherwise, or the Kafka error.

    Of all topics together, one round trip each: which there are, making what is missing, partitions, settings.
    """
    names = list(dict.fromkeys(prefix + topic for topic in topics))
    wanted = {name: topic_settings(name.removeprefix(prefix), replication) for name in names}
    admin = await _admin(bootstrap, patience)
    try:
        existing = set(await admin.list_topics())
        new = [
            NewTopic(name, _partitions_of(name, partitions), replication, topic_configs=wanted[name])
            for name in names
            if name not in existing
        ]
        if new:
            answer = await admin.create_topics(new, timeout_ms=30_000)
            for name, code, *_ in answer.topic_errors:
                if code not in (0, 36):  # 36: another service was first
                    raise for_code(code)(f"topic {name} could not be created")
        await _check(admin, names, partitions)
        await _check_settings(admin, {name: wanted[name] for name in names if name in existing}, bootstrap)
    finally:
        await admin.close()


def _partitions_of(name: str, partitions: int) -> int:
    """Dead letters and reference data are few and read whole, departments read in order: one partition is enough."""
    return 1 if name.endswith((".dlq", ".reference")) or ".dept." in f".{name}" else partitions


async def _admin(bootstrap: str, patience: float) -> AIOKafkaAdminClient:
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        try:
            await admin.start()
            return admin
        except KafkaConnectionError:
            await admin.close()
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.2)  # a foreign process that is still starting; nothing to await


async def _check(admin: AIOKafkaAdminClient, names: list[str], partitions: int) -> None:
    for _ in range(50):
        described = await admin.describe_topics(names)
        if all(topic["error_code"] == 0 for topic in described):
            break
        await asyncio.sleep(0.1)  # the broker spreads the news of a new topic
    for topic in described:
        found, right = len(topic["partitions"]), _partitions_of(topic["topic"], partitions)
        if topic["error_code"]:
            raise KafkaError(f"topic {topic['topic']}: {for_code(topic['error_code']).__name__}")
        if found != right:
            raise WrongPartitions(
                f"topic {topic['topic']} has {found} partitions, this deployment was told {right}: timers and order "
                f"rest on the count, so set QINQING_PARTITIONS_COUNT={found} or use another namespace"
            )


async def _check_settings(
    admin: AIOKafkaAdminClient, wanted: dict[str, dict[str, str]], bootstrap: str
) -> None:
    """Raise WrongSettings, with every difference and the command that sets it right."""
    if not wanted:
        return
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, name, dict.fromkeys(settings))
        for name, settings in wanted.items()
    ]
    faults = []
    for response in await admin.describe_configs(resources):
        for code, said, _, name, entries in response.resources:
            if code:
                raise for_code(code)(f"topic {name}: {said}")
            found = {entry[0]: entry[1] for entry in entries}
            wrong = {
                key: value for key, value in wanted[name].items() if not _serves(key, found.get(key), value)
            }
            if wrong:
                is_now = ", ".join(f"{key}={found.get(key)}" for key in wrong)
                needs = ",".join(f"{key}={value}" for key, value in wrong.items())
                faults.append(
                    f"topic {name} has {is_now}, this deployment rests on {needs}: kafka-configs.sh --bootstrap-server "
                    f"{bootstrap} --alter --entity-type topics --entity-name {name} --add-config {needs}"
                )
    if faults:
        raise WrongSettings("; ".join(faults))


def _serves(key: str, found: str | None, wanted: str) -> bool:
    """Whether a setting is as it must be, or more than that where more is no harm."""
    if found is None or found == wanted:
        return found is not None
    if key == "retention.ms":
        return found == "-1" or (wanted != "-1" and int(found) >= int(wanted))
    return key in AT_LEAST and int(found) >= int(wanted)
