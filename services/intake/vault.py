"""The keys of persons and issues: whatever is encrypted can be read as long as its key is here, and never again."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.store import Entries

NONCE_BYTES = 12


class Erased(Exception):
    """The key that this was encrypted under is gone, or it was never of this deployment."""


class Key:
    """The key of one person or issue (AES-256-GCM)."""

    def __init__(self, name: str, key: bytes) -> None:
        self._name, self._cipher = name, AESGCM(key)
        self._nonces = hmac.digest(key, b"nonces", "sha256")

    def seal(self, text: str) -> str:
        """A text encrypted, as url-safe base64; another person's or issue's key does not open it.

        The nonce follows from the text: a request that is sent again is the same command, byte for byte. Who reads
        two of them learns whether their texts are the same, and nothing else.
        """
        nonce = hmac.digest(self._nonces, text.encode(), "sha256")[:NONCE_BYTES]
        return urlsafe_b64encode(
            nonce + self._cipher.encrypt(nonce, text.encode(), self._name.encode())
        ).decode()

    def open(self, sealed: str) -> str:
        """The text again; raises Erased where it is of another key."""
        try:
            raw = urlsafe_b64decode(sealed)
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], self._name.encode()).decode()
        except (InvalidTag, ValueError):
            raise Erased(self._name) from None


class Vault:
    """Keys by name (``person:<reference>``, ``issue:<id>``), each wrapped by the deployment's own."""

    def __init__(self, entries: Entries, key: bytes) -> None:
        self._entries, self._wrap = entries, AESGCM(key)

    async def key_for(self, name: str) -> Key:
        """The key of this name, made where there never was one; raises Erased where it was erased."""
        key, nonce = AESGCM.generate_key(256), token_bytes(NONCE_BYTES)
        wrapped = nonce + self._wrap.encrypt(nonce, key, name.encode())
        if await self._entries.add(name, {"key": wrapped}):
            return Key(name, key)
        return await self.key_of(name)

    async def key_of(self, name: str) -> Key:
        """The key of this name; raises Erased where there is none."""
        entry = await self._entries.get(name)
        if entry is None or "key" not in entry:
            raise Erased(name)
        raw = bytes(entry["key"])
        try:
            return Key(name, self._wrap.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], name.encode()))
        except (InvalidTag, ValueError):
            raise Erased(name) from None

    async def erase(self, name: str) -> None:
        """Delete a key: what was encrypted under it is nothing any more, wherever it stands.

        Its place stays taken, so that a request that comes late, or again, makes no other one in its stead.
        """
        await self._entries.clear(name)
