"""The keys of a deployment that tests share, and tokens of whoever a test says."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from shared.contract.words import Role
from shared.domain.rights import IN_DEPARTMENTS
from shared.identity.callers import SignedIn
from shared.identity.keys import REFERENCE, VAULT, issuers, make_keys, secret, signing_key
from shared.identity.references import References
from shared.identity.tokens import Caller, Tokens, sign

DATA = Path(tempfile.mkdtemp(prefix="qinqing-keys-"))
"""A data folder that holds the keys alone, for the command line."""
KEYS = DATA / "keys"
atexit.register(shutil.rmtree, DATA, ignore_errors=True)
KEYS.mkdir()
for name, key in ((REFERENCE, "11"), (VAULT, "22")):
    (KEYS / name).write_text(32 * key)  # known beforehand, so that what is written down stays the same
make_keys(KEYS)
os.environ["QINQING_KEYS_DIR"] = str(KEYS)  # services that a test starts as programs believe the same tokens
REFERENCES = References(secret(KEYS, REFERENCE))


def bearer(actor: str, jurisdiction: str = "huzhou", keys: Path = KEYS) -> dict[str, str]:
    """The header of who is named so: ``office:chen``, ``handler:housing/li``, ``entrepreneur:wu`` (by account)."""
    return {"Authorization": f"Bearer {sign(signing_key(keys), caller(actor, jurisdiction, keys))}"}


def caller(actor: str, jurisdiction: str = "huzhou", keys: Path = KEYS) -> Caller:
    """Whom that name means; an entrepreneur by account."""
    role, _, name = actor.partition(":")
    department, account = name.split("/", 1) if "/" in name else ("", name)
    if role in IN_DEPARTMENTS and not department:
        department, account = name, f"system-of-{name}"
    person = References(secret(keys, REFERENCE)).person(account) if role == Role.ENTREPRENEUR else ""
    return Caller(
        sub=account,
        roles=(Role(role),),
        jurisdiction=jurisdiction,
        department=department,
        session="tests",
        person=person,
    )


def signed_in(jurisdiction: str = "huzhou") -> SignedIn:
    """What lets the bearers of these tokens in, for an application that a test puts together itself."""
    return SignedIn(Tokens(issuers(KEYS), jurisdiction))


def everybody(keys: Path = KEYS) -> str:
    """A token of one person in every role there is, for a program that asks everything."""
    person = caller("entrepreneur:all", keys=keys).person
    roles = tuple(Role)
    all_roles = Caller(
        sub="all", roles=roles, jurisdiction="huzhou", department="housing", session="tests", person=person
    )
    return sign(signing_key(keys), all_roles)
