"""The vault: what was encrypted under a key is read with that key, with no other, and never again once it is gone."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.intake.vault import NONCE_BYTES, Erased, Key, Vault

WORDS = "三号楼的水管漏水，电话 13812345678。"
DEPLOYMENT = bytes(range(32))


class Entries:
    """The store's collection of entries, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    async def add(self, name: str, entry: dict[str, Any]) -> bool:
        await asyncio.sleep(0)  # another task may come first
        if name in self.kept:
            return False
        self.kept[name] = entry
        return True

    async def get(self, name: str) -> dict[str, Any] | None:
        return self.kept.get(name)

    async def clear(self, name: str) -> None:
        self.kept[name] = {}


@pytest.fixture
def entries() -> Entries:
    return Entries()


def vault_of(entries: Entries, key: bytes = DEPLOYMENT) -> Vault:
    return Vault(entries, key)  # type: ignore[arg-type]


async def test_what_was_sealed_is_opened_with_the_same_key_after_a_restart(entries: Entries) -> None:
    sealed = (await vault_of(entries).key_for("issue:A")).seal(WORDS)
    assert (await vault_of(entries).key_of("issue:A")).open(sealed) == WORDS
    assert (await vault_of(entries).key_for("issue:A")).open(sealed) == WORDS


async def test_of_many_who_ask_at_once_for_a_new_key_all_have_the_same(entries: Entries) -> None:
    vault = vault_of(entries)
    keys = await asyncio.gather(*[vault.key_for("person:1") for _ in range(10)])
    assert {key.open(keys[0].seal(WORDS)) for key in keys} == {WORDS}


async def test_another_persons_or_issues_key_opens_nothing(entries: Entries) -> None:
    vault = vault_of(entries)
    sealed = (await vault.key_for("issue:A")).seal(WORDS)
    with pytest.raises(Erased):
        (await vault.key_for("issue:B")).open(sealed)


async def test_a_key_that_was_put_under_another_name_opens_nothing(entries: Entries) -> None:
    vault = vault_of(entries)
    await vault.key_for("issue:A")
    entries.kept["issue:B"] = entries.kept["issue:A"]
    with pytest.raises(Erased):
        await vault.key_of("issue:B")


async def test_once_a_key_is_erased_nothing_opens_what_it_sealed(entries: Entries) -> None:
    vault = vault_of(entries)
    sealed = (await vault.key_for("person:1")).seal(WORDS)
    await vault.erase("person:1")
    with pytest.raises(Erased):
        await vault.key_of("person:1")
    with pytest.raises(Erased):
        await vault.key_for("person:1")
    assert not await vault_has(entries, sealed)


async def vault_has(entries: Entries, sealed: str) -> bool:
    """Whether any key that is left opens this."""
    for name, entry in entries.kept.items():
        if entry:
            with suppress(Erased):
                return bool((await vault_of(entries).key_of(name)).open(sealed))
    return False


async def test_erasing_twice_is_erasing_once(entries: Entries) -> None:
    vault = vault_of(entries)
    await vault.key_for("person:1")
    for _ in range(2):
        await vault.erase("person:1")
    assert entries.kept == {"person:1": {}}, "its place stays taken"


async def test_a_copy_of_the_store_is_nothing_without_the_deployments_key(entries: Entries) -> None:
    sealed = (await vault_of(entries).key_for("issue:A")).seal(WORDS)
    with pytest.raises(Erased):
        await vault_of(entries, bytes(32)).key_of("issue:A")
    assert WORDS.encode() not in urlsafe_b64decode(sealed)
    assert DEPLOYMENT not in entries.kept["issue:A"]["key"]


async def test_the_same_words_are_sealed_alike_under_one_key_and_otherwise_under_another(
    entries: Entries,
) -> None:
    """A request that is sent again is the same command."""
    vault = vault_of(entries)
    one, two = [await vault.key_for(name) for name in ("issue:A", "issue:B")]
    assert one.seal(WORDS) == one.seal(WORDS) != two.seal(WORDS)
    assert one.seal(WORDS)[:16] != one.seal(WORDS + "。")[:16], "no nonce is used for two texts"


@given(some.integers(min_value=0), some.integers(min_value=1, max_value=255))
def test_a_changed_byte_is_found(place: int, change: int) -> None:
    key = Key("issue:A", bytes(32))
    raw = bytearray(urlsafe_b64decode(key.seal(WORDS)))
    raw[place % len(raw)] ^= change
    with pytest.raises(Erased):
        key.open(urlsafe_b64encode(raw).decode())


@given(some.text(max_size=60) | some.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode()))
def test_what_was_never_sealed_is_answered_like_what_is_erased(text: str) -> None:
    with pytest.raises(Erased):
        Key("issue:A", bytes(32)).open(text)


@given(some.text(some.characters(codec="utf-8"), max_size=200))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    key = Key("issue:A", bytes(32))
    sealed = key.seal(text)
    assert key.open(sealed) == text
    assert len(urlsafe_b64decode(sealed)) == NONCE_BYTES + len(text.encode()) + 16


@pytest.mark.parametrize("key", [b"", b"x", bytes(12), bytes(100)])
async def test_an_entry_that_was_damaged_is_no_key(entries: Entries, key: bytes) -> None:
    entries.kept["issue:A"] = {"key": key}
    with pytest.raises(Erased):
        await vault_of(entries).key_of("issue:A")
