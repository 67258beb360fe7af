"""The deployment's keys as files of one folder: made at the embedded system's first start, mounted elsewhere.

``signing.jwk``: with it tokens are signed (the portal and the command line alone). ``tokens.jwks``: whose tokens the
services believe. ``reference.key``: the references of persons. ``vault.key``: wraps the key of each person and issue.
Whoever has the last two can read everything; without them nobody can (docs/security.md says how to back them up).
"""

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from joserfc.jwk import KeySet, OKPKey

SIGNING, ISSUERS, REFERENCE, VAULT = "signing.jwk", "tokens.jwks", "reference.key", "vault.key"
SECRET_BYTES = 32
ALGORITHM = "Ed25519"
K = TypeVar("K")


class NoKeys(Exception):
    """A key is missing or is none; the message names the file and what would be right."""


def make_keys(folder: Path) -> None:
    """Make what is missing; what is there stays. Only the owner may read the secret ones."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (REFERENCE, VAULT):
        _create(folder / name, secrets.token_hex(SECRET_BYTES))
    if not (folder / SIGNING).exists():
        key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM})
        key.ensure_kid()
        _create(folder / SIGNING, json.dumps(key.as_dict(private=True)))
    signing = signing_key(folder)
    _create(folder / ISSUERS, json.dumps({"keys": [signing.as_dict(private=False)]}))


def signing_key(folder: Path) -> OKPKey:
    """The key with which this deployment signs; raises NoKeys."""
    return _json_key(folder / SIGNING, OKPKey.import_key)


def issuers(folder: Path) -> KeySet:
    """The public keys of those whose tokens are believed; raises NoKeys."""
    return _json_key(folder / ISSUERS, KeySet.import_key_set)


def secret(folder: Path, name: str) -> bytes:
    """One of the two secrets, 32 bytes; raises NoKeys."""
    path = folder / name
    try:
        found = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise NoKeys(_wrong(path, error)) from None
    if len(found) != SECRET_BYTES:
        raise NoKeys(f"{path}: write {SECRET_BYTES} random bytes as {2 * SECRET_BYTES} hexadecimal digits")
    return found


def _json_key(path: Path, read: Callable[[Any], K]) -> K:
    try:
        return read(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise NoKeys(_wrong(path, error)) from None


def _wrong(path: Path, error: Exception) -> str:
    return f"{path}: {type(error).__name__}; QINQING_KEYS_DIR names the folder of the keys (docs/security.md)"


def _create(path: Path, text: str) -> None:
    """Write a file that was not there, whole, for its owner alone."""
    if path.exists():
        return
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.rename(path)
