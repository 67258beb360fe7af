"""The end of the history that a live namespace begins with: one mark on each partition of a service's commands."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import count

from shared.bus.gateway import Request, sealed
from shared.bus.reader import partition_of, read_all
from shared.bus.records import Outgoing
from shared.contract.command import HistoryEnded, commands_topic
from shared.contract.envelope import Malformed, open_envelope


class Ending:
    """The marks of one service, looked for once and written once; after them nobody may bring a time of their own."""

    def __init__(
        self,
        bootstrap: str,
        prefix: str,
        source: str,
        partitions: int,
        publish: Callable[[Sequence[Outgoing]], Awaitable[object]],
    ) -> None:
        """``source``: how the service signs, ``/<jurisdiction>/<service>``."""
        self._bootstrap, self._prefix, self._source = bootstrap, prefix, source
        self._partitions, self._publish = partitions, publish
        self._marked: set[int] | None = None

    async def has_come(self) -> bool:
        """Whether a mark stands anywhere; the topic is read through once, when this process is first asked."""
        return bool(await self._found())

    async def come(self) -> None:
        """Write the marks that are missing: what was cut off half way is made up for."""
        found = await self._found()
        await self._publish(
            [mark for number, mark in enumerate(marks(self._source, self._partitions)) if number not in found]
        )
        self._marked = set(range(self._partitions))

    async def _found(self) -> set[int]:
        """The partitions that have their mark."""
        if self._marked is None:
            topic = commands_topic(self._source.rpartition("/")[2])
            self._marked = {
                record.partition
                async for record in read_all(self._bootstrap, [topic], self._prefix)
                if is_mark(record.value)
            }
        return self._marked


def is_mark(value: bytes | None) -> bool:
    """Whether a record of a topic of commands is one of these marks."""
    if value is None or HistoryEnded.type.encode() not in value:
        return False
    try:
        return open_envelope(value).type == HistoryEnded.type
    except Malformed:
        return False


def marks(source: str, partitions: int) -> Iterator[Outgoing]:
    """The mark of each partition in order; its key is one that falls there."""
    keys: dict[int, str] = {}
    for number in count():
        if len(keys) == partitions:
            break
        keys.setdefault(partition_of(f"history:{number}".encode(), partitions), f"history:{number}")
    for place in range(partitions):
        yield sealed(Request(keys[place], HistoryEnded(), "history", "system:history", "ended"), source)
