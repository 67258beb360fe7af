"""How a person stands on events: a keyed hash that tells nobody without the deployment's key from whom.

The key is never changed and must be backed up: with another one nobody's reference fits, and nobody can rate
(docs/security.md).
"""

import hmac

CHARS = 32
"""128 bits in hex: too many to meet twice, and a guess needs the key."""


class References:
    """Makes the references of one deployment. The hashed parts are counted, so that no two meanings share a hash."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def person(self, account: str) -> str:
        """The reference of a person everywhere but on anonymous issues; ``account`` is the sign-in's name for them."""
        return self._hash("person", account)

    def on_issue(self, issue: str, person: str, *, anonymous: bool) -> str:
        """The reference of a person on one issue: on an anonymous one it is of that issue alone, so that two such
        issues of one person cannot be linked. ``person`` is what ``person()`` gave."""
        return self._hash("issue", issue, person) if anonymous else person

    def lookup(self, kind: str, value: str) -> str:
        """What somebody is found by, such as an exact phone number, without its being stored anywhere."""
        return self._hash("lookup", kind, value)

    def attachment(self, issue: str, sha256: str) -> str:
        """The hash under which one issue lists a file: two issues with the same file cannot be linked by it."""
        return self.digest("attachment", issue, sha256).hex()

    def key(self, subject: str, key: str) -> str:
        """An ``Idempotency-Key`` as it may stand on a topic: a program may write a name or a phone into its own."""
        return self._hash("key", subject, key)

    def digest(self, *parts: str) -> bytes:
        """32 bytes that follow from these parts and the key; the first part says what they are for."""
        text = "".join(f"{len(part)}:{part}" for part in parts)
        return hmac.digest(self._key, text.encode(), "sha256")

    def _hash(self, *parts: str) -> str:
        return self.digest(*parts).hex()[:CHARS]
