"""The vault: what is encrypted is read with its own key alone, and with none once that is deleted."""

from secrets import token_bytes

import pytest

from services.intake.vault import Erased, Vault
from tests.unit.entries import EntriesInMemory

ENTRIES_KEY = token_bytes(32)


async def test_what_is_sealed_is_opened_by_its_own_key_alone() -> None:
    vault = Vault(EntriesInMemory(), ENTRIES_KEY)  # type: ignore[arg-type]
    key, other = await vault.key_for("person:a"), await vault.key_for("person:b")
    sealed = key.seal("13800138000")
    assert (await vault.key_of("person:a")).open(sealed) == "13800138000"
    assert "138" not in sealed
    with pytest.raises(Erased):
        other.open(sealed)


async def test_the_same_text_is_sealed_alike_so_that_a_request_sent_again_is_the_same_one() -> None:
    vault = Vault(EntriesInMemory(), ENTRIES_KEY)  # type: ignore[arg-type]
    key, again, other = [await vault.key_for(f"person:{name}") for name in "aab"]
    assert key.seal("李") == again.seal("李")
    assert len({key.seal("李"), key.seal("王"), other.seal("李")}) == 3


async def test_a_deleted_key_opens_nothing_and_is_never_made_anew() -> None:
    entries = EntriesInMemory()
    vault = Vault(entries, ENTRIES_KEY)  # type: ignore[arg-type]
    sealed = (await vault.key_for("person:a")).seal("李")
    await vault.erase("person:a")
    await vault.erase("person:a")
    assert "key" not in entries.entries["person:a"]
    for ask in (vault.key_for, vault.key_of):
        with pytest.raises(Erased):
            await ask("person:a")
    assert sealed


async def test_a_copy_of_the_store_without_the_deployments_key_opens_nothing() -> None:
    entries = EntriesInMemory()
    await Vault(entries, ENTRIES_KEY).key_for("person:a")  # type: ignore[arg-type]
    with pytest.raises(Erased):
        await Vault(entries, token_bytes(32)).key_of("person:a")  # type: ignore[arg-type]
