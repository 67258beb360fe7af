"""What the broker keeps of each namespace: its topics, how many records, who reads; and forgetting all of it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupIdNotFound, NonEmptyGroup, UnknownTopicOrPartitionError, for_code

from shared.bus.client import delete_group
from shared.bus.reader import open_reader, within_patience

IDLE = ("Empty", "Dead")
"""The states of a group that has no member."""


class StillRead(RuntimeError):
    """Consumers are at work in this namespace: says which."""


class Namespace(NamedTuple):
    """One namespace on the broker; ``name`` is "" for the live one without a prefix, all others without the dot."""

    name: str
    topics: tuple[str, ...]
    records: int = 0
    """The last offsets less the first ones: the markers of transactions count too."""
    readers: tuple[str, ...] = ()
    """The consumer groups that have a member now, without the prefix."""


@asynccontextmanager
async def _administrator(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        async with within_patience(bootstrap):
            await admin.start()
        yield admin
    finally:
        await admin.close()


async def namespaces(bootstrap: str, services: Sequence[str], only: str | None = None) -> list[Namespace]:
    """Every namespace in which one of these services has commands, or ``only`` the one of this name.

    What a mirror writes under a county's name is none: commands are never mirrored.
    """
    async with _administrator(bootstrap) as admin:
        names = await admin.list_topics()
        chosen = _topics_by_namespace(names, services)
        if only is not None:
            mine = [name for name in names if name.startswith(f"{only}.")]
            chosen = {only: mine} if mine else {}
        readers = await _readers(admin, chosen)
    records = await _records(bootstrap, chosen)
    return [
        Namespace(name, tuple(sorted(topics)), records[name], tuple(sorted(readers[name])))
        for name, topics in sorted(chosen.items())
    ]


def _topics_by_namespace(names: Iterable[str], services: Sequence[str]) -> dict[str, list[str]]:
    """The topics of each namespace, in full: ``replay-1.intake.commands`` says that there is one."""
    everything = list(names)
    commands = tuple(f"{service}.commands" for service in services)
    found = {
        name.removesuffix(end).removesuffix(".")
        for name in everything
        for end in commands
        if _ends(name, end)
    }
    live = [
        name for name in everything if not name.startswith(("__", *(f"{name}." for name in found if name)))
    ]
    return {
        name: [one for one in everything if one.startswith(f"{name}.")] if name else live for name in found
    }


def _ends(name: str, end: str) -> bool:
    return name == end or name.endswith(f".{end}")


async def _readers(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, list[str]]:
    """The groups with a member, by namespace."""
    found: dict[str, list[str]] = defaultdict(list)
    for group in await _groups(admin):
        # One at a time: of several the client reads all but the first wrongly.
        (answer,) = await admin.describe_consumer_groups([group])
        _, _, state, *_ = answer.groups[0]
        prefix = next((name for name in names if name and group.startswith(f"{name}.")), "")
        if state not in IDLE:
            found[prefix].append(group.removeprefix(f"{prefix}.") if prefix else group)
    return found


async def _groups(admin: AIOKafkaAdminClient) -> list[str]:
    return [name for name, *_ in await admin.list_consumer_groups()]


async def _records(bootstrap: str, topics: dict[str, list[str]]) -> dict[str, int]:
    counts: dict[str, int] = dict.fromkeys(topics, 0)
    owner = {topic: name for name, mine in topics.items() for topic in mine}
    if not owner:
        return counts
    async with open_reader(bootstrap, owner) as reader:
        partitions = list(reader.assignment())
        ends = await reader.end_offsets(partitions) if partitions else {}
        begins = await reader.beginning_offsets(partitions) if partitions else {}
    for tp, end in ends.items():
        counts[owner[tp.topic]] += end - begins[tp]
    return counts


async def forget_groups(bootstrap: str, name: str) -> None:
    """Delete the consumer groups of one namespace; raise StillRead, before any, where one has a member."""
    _only_whole(name)
    async with _administrator(bootstrap) as admin:
        if read := (await _readers(admin, [name]))[name]:
            raise StillRead(f"{', '.join(read)} has a member")
        for group in await _groups(admin):
            if group.startswith(f"{name}."):
                code = await delete_group(admin, group)
                if code == NonEmptyGroup.errno:  # it came while we looked
                    raise StillRead(f"{group} has a member")
                if code not in (0, GroupIdNotFound.errno):
                    raise for_code(code)(f"group {group} could not be deleted")


async def forget_topics(bootstrap: str, name: str) -> None:
    """Delete the topics of one namespace."""
    _only_whole(name)
    async with _administrator(bootstrap) as admin:
        topics = [topic for topic in await admin.list_topics() if topic.startswith(f"{name}.")]
        answer = await admin.delete_topics(topics) if topics else None
        for topic, code, *_ in () if answer is None else answer.topic_error_codes:
            if code not in (0, UnknownTopicOrPartitionError.errno):
                raise for_code(code)(f"topic {topic} could not be deleted")


def _only_whole(name: str) -> None:
    """Raise ValueError for what is no whole namespace with a name: ``replay-1.intake`` begins another's topics."""
    if not name or "." in name:
        raise ValueError(f"{name!r} is no whole namespace with a name; nothing of it is deleted")
