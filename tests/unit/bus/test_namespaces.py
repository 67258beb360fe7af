"""Only a whole namespace is forgotten, and nothing of it where anybody still reads."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from shared.bus import namespaces
from shared.bus.namespaces import StillRead, forget_groups, forget_topics

NAME = "replay-1"


class Administered:
    """A broker with two groups of this namespace and one of another; who has a member cannot be deleted."""

    def __init__(self) -> None:
        self.states = {"replay-1.dispatch": "Empty", "replay-1.intake": "Stable", "replay-2.intake": "Stable"}
        self.deleted: list[str] = []

    async def list_consumer_groups(self) -> list[tuple[str, str]]:
        return [(group, "consumer") for group in self.states]

    async def describe_consumer_groups(self, groups: list[str]) -> list[Any]:
        return [SimpleNamespace(groups=[(0, group, self.states[group])]) for group in groups]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Administered:
    made = Administered()

    @asynccontextmanager
    async def administrator(bootstrap: str) -> AsyncIterator[Administered]:
        yield made

    async def delete_group(admin: Administered, group: str) -> int:
        if admin.states[group] != "Empty":
            return 68
        admin.deleted.append(group)
        return 0

    monkeypatch.setattr(namespaces, "_administrator", administrator)
    monkeypatch.setattr(namespaces, "delete_group", delete_group)
    return made


async def test_where_one_group_has_a_member_no_group_is_deleted(broker: Administered) -> None:
    with pytest.raises(StillRead, match="intake has a member"):
        await forget_groups("", NAME)
    assert broker.deleted == []
    broker.states["replay-1.intake"] = "Empty"
    await forget_groups("", NAME)
    assert broker.deleted == ["replay-1.dispatch", "replay-1.intake"]


@pytest.mark.parametrize("name", ["", "replay-1.intake", "replay-1."])
@pytest.mark.parametrize("forget", [forget_groups, forget_topics])
async def test_what_is_no_whole_namespace_with_a_name_is_never_forgotten(
    broker: Administered, name: str, forget: Any
) -> None:
    with pytest.raises(ValueError, match="namespace"):
        await forget("", name)
    assert broker.deleted == []
