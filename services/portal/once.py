"""What several people ask for at the same time is made once: by its key, as long as its version stands."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
MOST_KEPT = 256


class _Made(NamedTuple):
    version: Hashable
    task: "asyncio.Task[Any]"


class Once:
    """Keeps what was made last under each key; of many keys those that were asked for last."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, _Made] = OrderedDict()

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._made)

    async def get(self, key: Hashable, version: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What ``make`` gives; it is asked only where nothing of this version is there or being made.

        What goes wrong goes wrong for all who wait for it, and is tried again by the next. Who leaves keeps nobody
        else from getting it.
        """
        found = self._made.get(key)
        if found is None or found.version != version:
            found = self._made[key] = _Made(version, asyncio.ensure_future(_awaited(make)))
            while len(self._made) > MOST_KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        try:
            made: T = await asyncio.shield(found.task)
        except BaseException:
            if found.task.done() and self._made.get(key) is found:
                del self._made[key]
            raise
        return made


async def _awaited(make: Callable[[], Awaitable[T]]) -> T:
    return await make()
