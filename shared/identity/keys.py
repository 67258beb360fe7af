"""The deployment's keys as files of one folder: made at the embedded system's first start, mounted elsewhere.

``signing.jwk``: with it tokens are signed (the portal and the command line alone). ``tokens.jwks``: whose tokens the
services believe. ``reference.key``: the references of persons. ``vault.key``: wraps the key of each person and issue.
Whoever has the last two can read everything; without them nobody can (docs/security.md says how to back them up).
"""

import json
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

SIGNING, ISSUERS, REFERENCE, VAULT = "signing.jwk", "tokens.jwks", "reference.key", "vault.key"
SECRETS = (REFERENCE, VAULT)
SECRET_BYTES = 32
ALGORITHM = "Ed25519"
K = TypeVar("K")


class NoKeys(Exception):
    """A key is missing or is none; the message names the file and what would be right."""


def make_keys(folder: Path, *, has_data: bool = False) -> None:
    """Make what is missing; what is there stays. Only the owner may read any of it. Raises NoKeys for what is no key.

    ``has_data``: something was written under the two secrets already, so that new ones would fit nothing.
    """
    missing = [name for name in SECRETS if not (folder / name).exists()]
    if missing and has_data:
        raise NoKeys(f"{folder / missing[0]} is missing, and the data was written under it: put it back")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in SECRETS:
        _create(folder / name, secrets.token_hex(SECRET_BYTES))
        secret(folder, name)
    if not (folder / SIGNING).exists():
        key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM})
        key.ensure_kid()
        _create(folder / SIGNING, json.dumps(key.as_dict(private=True)))
    signing = signing_key(folder)
    _create(folder / ISSUERS, json.dumps({"keys": [signing.as_dict(private=False)]}))
    if signing.thumbprint() not in {key.thumbprint() for key in issuers(folder)}:
        raise NoKeys(f"{folder / ISSUERS} is not of {SIGNING}: remove it, and it is written again")


def check_keys(folder: str, *names: str) -> None:
    """That a service finds whose tokens to believe, and these secrets; raises NoKeys.

    ``folder`` as the setting has it: "" where nobody set it.
    """
    if not folder:
        needed = ", ".join((ISSUERS, *names))
        raise NoKeys(f"QINQING_KEYS_DIR is not set: name the folder with {needed} (docs/security.md)")
    issuers(Path(folder))
    for name in names:
        secret(Path(folder), name)


def signing_key(folder: Path) -> OKPKey:
    """The key with which this deployment signs; raises NoKeys."""
    return _json_key(folder / SIGNING, _private)


def issuers(folder: Path) -> KeySet:
    """The public keys of those whose tokens are believed; raises NoKeys."""
    return _json_key(folder / ISSUERS, _public)


def secret(folder: Path, name: str) -> bytes:
    """One of the two secrets, 32 bytes; raises NoKeys."""
    path = folder / name
    try:
        found = bytes.fromhex(path.read_text())
    except (OSError, ValueError) as error:
        raise NoKeys(_wrong(path, error)) from None
    if len(found) != SECRET_BYTES:
        raise NoKeys(f"{path}: write {SECRET_BYTES} random bytes as {2 * SECRET_BYTES} hexadecimal digits")
    return found


def _private(found: Any) -> OKPKey:
    key = _key(found)
    if not key.is_private:
        raise ValueError("a public key signs nothing")
    return key


def _public(found: Any) -> KeySet:
    keys = [_key(entry) for entry in found["keys"]]
    if not keys or any(key.is_private for key in keys):
        raise ValueError("public keys alone")
    return KeySet([*keys])


def _key(found: Any) -> OKPKey:
    if not isinstance(found, dict) or (found.get("kty"), found.get("crv")) != ("OKP", "Ed25519"):
        raise ValueError("an Ed25519 key")
    return OKPKey.import_key(found)


def _json_key(path: Path, read: Callable[[Any], K]) -> K:
    try:
        return read(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, LookupError, RecursionError, JoseError) as error:
        raise NoKeys(_wrong(path, error)) from None


def _wrong(path: Path, error: Exception) -> str:
    """What is wrong with a file, without anything that stands in it."""
    why = error.strerror if isinstance(error, OSError) else "is no such key"
    return f"{path}: {why}; QINQING_KEYS_DIR names the folder of the keys (docs/security.md)"


def _create(path: Path, text: str) -> None:
    """Write a file that was not there, whole and lasting, for its owner alone; of two at once the first one stays."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)
