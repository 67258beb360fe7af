"""Short signed tokens: who asks, in which roles, of which jurisdiction and department (JWT, Ed25519).

The portal and the command line sign them; the services hold public keys alone and believe nothing else.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from joserfc.jwt import JWTClaimsRegistry
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.contract.words import Role
from shared.identity.keys import ALGORITHM

LIFETIME = timedelta(minutes=15)
"""The longest that a token is good for: nothing takes one back earlier, so no service believes a longer one."""
LEEWAY = timedelta(seconds=30)
"""How far the clocks of a signer and of a service may be apart."""
MOST_CHARS = 4_000
MOST_REMEMBERED = 10_000
ACCOUNT = r"^[\w.@-]{1,80}$"
_NAME = r"^[a-z0-9][a-z0-9_-]{0,39}$"


class WrongToken(ValueError):
    """It is no token of this deployment, or no longer one; the message says which, and nothing that was in it."""


class Caller(BaseModel):
    """Who asks. ``person``: an entrepreneur's reference (references.py); ``issue``: the only one a link admits to."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    account: str = Field(alias="sub", pattern=ACCOUNT)
    roles: tuple[Role, ...] = Field(min_length=1, max_length=len(Role))
    jurisdiction: str = Field(pattern=_NAME)
    department: str = Field("", pattern=r"^[a-z0-9_-]{0,40}$")
    session: str = Field(max_length=80)
    person: str = Field("", pattern=r"^[0-9a-f]{0,64}$")
    issue: str = Field("", max_length=90)


class _Known(NamedTuple):
    caller: Caller
    ends_at: datetime


def sign(
    key: OKPKey,
    caller: Caller,
    *,
    now: datetime | None = None,
    lifetime: timedelta = LIFETIME,
) -> str:
    """A token for this caller, good for ``lifetime`` from now on."""
    at = now or datetime.now(UTC)
    claims = {
        **caller.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "aud": caller.jurisdiction,
        "iat": int(at.timestamp()),
        "exp": int((at + lifetime).timestamp()),
    }
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def staff_caller(account: str, roles: Sequence[Role], jurisdiction: str, department: str = "") -> Caller:
    """An official in a session of its own."""
    return Caller(
        sub=account, roles=tuple(roles), jurisdiction=jurisdiction, department=department, session=uuid4().hex
    )


class Tokens:
    """Reads the tokens that one deployment believes."""

    def __init__(
        self, issuers: KeySet, jurisdiction: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._issuers, self._jurisdiction, self._now = issuers, jurisdiction, now
        self._known: dict[str, _Known] = {}
        """Tokens that were checked already: a page asks many times with the same one."""

    def read(self, token: str) -> Caller:
        """Who asks; raises WrongToken for what is forged, expired, not valid yet, or of another deployment."""
        known = self._known.get(token) or self._check(token)
        if self._now() >= known.ends_at + LEEWAY:
            raise WrongToken("expired")
        return known.caller

    def _check(self, token: str) -> _Known:
        if len(token) > MOST_CHARS:
            raise WrongToken("too long")
        try:
            claims = jwt.decode(token, self._issuers, algorithms=[ALGORITHM]).claims
            self._registry().validate(claims)
            issued_at, ends_at = (datetime.fromtimestamp(claims[name], UTC) for name in ("iat", "exp"))
            known = _Known(Caller.model_validate(claims), ends_at)
        except (JoseError, ValidationError, ValueError, TypeError, OverflowError, OSError) as error:
            raise WrongToken(type(error).__name__) from None
        if ends_at - issued_at > LIFETIME:
            raise WrongToken("good for too long")
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[token] = known
        return known

    def _registry(self) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(
            now=int(self._now().timestamp()),
            leeway=int(LEEWAY.total_seconds()),
            aud={"essential": True, "value": self._jurisdiction},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            jurisdiction={"essential": True, "value": self._jurisdiction},
        )
