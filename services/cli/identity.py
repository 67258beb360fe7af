"""Whom the command line is: each of its requests bears a token that it signs itself with the deployment's key."""

import getpass
import os
import re
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from services.cli.asking import fail
from services.cli.embedded.services import jurisdiction
from services.cli.system import WRONG_USE, RunningSystem

if TYPE_CHECKING:
    from shared.identity.tokens import Caller

TIMEOUT_SECONDS = 30.0


class Signed(httpx.Auth):
    """Signs anew for each request, so that a long command never brings a token that is over."""

    def __init__(self, sign: Callable[[], str]) -> None:
        self._sign = sign

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        """Let this request bear a token."""
        request.headers["Authorization"] = f"Bearer {self._sign()}"
        yield request


class Deployment:
    """Where the keys of one deployment are, and whose it is; a command that needs a key that is not there ends."""

    def __init__(self, keys: Path, jurisdiction: str, as_json: bool) -> None:
        self._keys, self.jurisdiction, self._as_json = keys, jurisdiction, as_json

    def signed(self, caller: "Caller") -> Signed:
        """Lets every request be this caller's."""
        return Signed(self._signer(caller))

    def token(self, caller: "Caller", lifetime: timedelta) -> str:
        """One token of this caller, to be sent by other means."""
        return self._signer(caller)(lifetime=lifetime)

    def _signer(self, caller: "Caller") -> Callable[..., str]:
        from shared.identity.keys import NoKeys, signing_key
        from shared.identity.tokens import sign

        try:
            return partial(sign, signing_key(self._keys), caller)
        except NoKeys as error:
            fail(str(error), self._as_json, WRONG_USE)

    def own(self, role: str) -> Signed:
        """Whoever runs this command, in a role that the command needs."""
        return self.signed(self.official(own_account(), [role]))

    def official(self, account: str, roles: Collection[str], department: str = "") -> "Caller":
        """An official of this deployment in these roles."""
        from shared.contract.words import Role
        from shared.identity.tokens import staff_caller

        return staff_caller(account, [Role(role) for role in roles], self.jurisdiction, department)

    def entrepreneur(self, account: str) -> "Caller":
        """The entrepreneur with this account, as the reference by which they stand on events."""
        from uuid import uuid4

        from shared.contract.words import Role
        from shared.identity.keys import REFERENCE, NoKeys, secret
        from shared.identity.references import References
        from shared.identity.tokens import Caller

        try:
            person = References(secret(self._keys, REFERENCE)).person(account)
        except NoKeys as error:
            fail(str(error), self._as_json, WRONG_USE)
        roles, session = (Role.ENTREPRENEUR,), uuid4().hex
        return Caller(
            sub=account, roles=roles, jurisdiction=self.jurisdiction, session=session, person=person
        )

    def linked(self, issue: str, person: str, serial: int) -> "Caller":
        """The person whom a link admits to one issue, as intake says: no account of theirs is known."""
        from uuid import uuid4

        from shared.contract.words import Role
        from shared.identity.tokens import Caller

        return Caller(
            sub=f"link-{serial}",
            roles=(Role.ENTREPRENEUR,),
            jurisdiction=self.jurisdiction,
            session=uuid4().hex,
            person=person,
            issue=issue,
        )


def deployment_of(system: RunningSystem, as_json: bool) -> Deployment:
    """The embedded system's own: its keys are in its data folder."""
    return Deployment(system.data_dir / "keys", system.jurisdiction, as_json)


def deployment_elsewhere(as_json: bool) -> Deployment:
    """The one that the environment names, as its services' settings do."""
    keys = os.environ.get("QINQING_KEYS_DIR", "")
    if not keys:
        fail("QINQING_KEYS_DIR is not set: name the folder with signing.jwk", as_json, WRONG_USE)
    return Deployment(Path(keys), jurisdiction(), as_json)


def client_of(url: str, auth: Signed, language: str = "zh") -> httpx.Client:
    """A client of one service's address, past every proxy: a token is for that service alone."""
    headers = {"Accept-Language": language}
    return httpx.Client(base_url=url, auth=auth, headers=headers, timeout=TIMEOUT_SECONDS, trust_env=False)


def own_account() -> str:
    """Who works at this terminal, in the characters that an account may have."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # no entry for this user on this machine
        name = "unknown"
    return re.sub(r"[^A-Za-z0-9_.@-]", "_", name)[:80] or "unknown"
