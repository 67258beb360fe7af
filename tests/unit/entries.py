"""Small entries in memory, as shared/store.py keeps them in the store."""

from typing import Any


class EntriesInMemory:
    """One collection of entries; ``asked`` counts the round trips."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, Any]] = {}
        self.asked = 0

    async def add(self, id: str, entry: dict[str, Any]) -> bool:
        self.asked += 1
        if id in self.entries:
            return False
        self.entries[id] = {**entry, "_id": id}
        return True

    async def get(self, id: str) -> dict[str, Any] | None:
        self.asked += 1
        return self.entries.get(id)

    async def between(self, low: str, high: str) -> list[dict[str, Any]]:
        return [entry for id, entry in sorted(self.entries.items()) if low <= id < high]

    async def delete(self, id: str) -> None:
        self.entries.pop(id, None)

    async def delete_all(self, query: dict[str, Any]) -> None:
        self.entries = {id: entry for id, entry in self.entries.items() if not _fits(entry, query)}

    async def clear(self, id: str) -> None:
        self.entries[id] = {"_id": id}


class DatabaseInMemory:
    """The collections of entries of one database, each made when first named."""

    def __init__(self) -> None:
        self.collections: dict[str, EntriesInMemory] = {}

    def entries(self, collection: str) -> EntriesInMemory:
        return self.collections.setdefault(collection, EntriesInMemory())


def _fits(entry: dict[str, Any], query: dict[str, Any]) -> bool:
    return all(
        entry.get(name) != wanted["$ne"] if isinstance(wanted, dict) else entry.get(name) == wanted
        for name, wanted in query.items()
    )
