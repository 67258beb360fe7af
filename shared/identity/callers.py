"""Who asks over HTTP: the bearer of a token, in one of its roles (tokens.py, shared/domain/rights.py)."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from shared.contract.subjects import KINDS, kind_of, subject_of
from shared.contract.words import Role
from shared.domain.rights import IN_DEPARTMENTS, LINKED, REACH, Asker, Belongs, granted, may, scope_of
from shared.identity.tokens import Caller, Tokens, WrongToken

_BEARER = HTTPBearer(auto_error=False, description="`qinqing token --as office:chen` prints one")


class NotSignedIn(Exception):
    """The request brings no token, or none that is believed here; the message says which."""


class WrongRole(Exception):
    """Somebody asks for what only other roles do; the message says which."""


class SignedIn:
    """Lets in who brings a token of this deployment. It is the first thing that a route of ours depends on."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def __call__(
        self,
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    ) -> None:
        """Read the token; raises NotSignedIn."""
        if bearer is None:
            raise NotSignedIn("Authorization: Bearer <token>")
        try:
            request.state.caller = self._tokens.read(bearer.credentials)
        except WrongToken as error:
            raise NotSignedIn(str(error)) from None


def caller_of(request: Request) -> Caller:
    """Who asks, behind ``SignedIn``."""
    caller = request.state.caller
    assert isinstance(caller, Caller)
    return caller


def askers_of(caller: Caller) -> Iterator[Asker]:
    """The caller in each of its roles."""
    for role in caller.roles:
        if role in IN_DEPARTMENTS:
            own_system = role is Role.DEPARTMENT
            yield Asker(role, "" if own_system else caller.account, caller.department)
        elif role is not Role.ENTREPRENEUR or caller.person:  # without a person it is nobody's
            yield Asker(role, caller.person if role is Role.ENTREPRENEUR else caller.account)


def reaches(caller: Caller, subject: str) -> bool:
    """Whether the caller's token is good for this aggregate: a link admits to its own issue alone."""
    return caller.issue in ("", subject)


def asker_for(caller: Caller, kind: str, verb: str, subject: str = "") -> Asker:
    """The caller in that of its roles whose right to do this reaches farthest; raises WrongRole where none may.

    Whether it reaches far enough is judged where the aggregate is known. A link admits to its own issue alone.
    """
    if not reaches(caller, subject) or (caller.issue and verb not in LINKED):
        raise WrongRole(f"a link to {caller.issue} is good for that issue alone: {', '.join(LINKED)}")
    scopes = [(asker, scope_of(asker, kind, verb)) for asker in askers_of(caller)]
    granting = [(REACH.index(scope), asker) for asker, scope in scopes if scope is not None]
    if not granting:
        raise WrongRole(f"only {', '.join(granted(kind, verb))} may {verb.replace('_', ' ')}")
    return max(granting, key=lambda one: one[0])[1]  # of equal ones the first


def readers_of(caller: Caller, subject: str, belongs: Belongs) -> list[Asker]:
    """The caller in those of its roles that may read what belongs so."""
    if not reaches(caller, subject):
        return []
    return [asker for asker in askers_of(caller) if may(asker, kind_of(subject), "read", belongs)]


def reads_ways(caller: Caller, account: str) -> bool:
    """Whether the caller may read in which ways this official is told: only they themselves, and operators."""
    choice = Belongs(recorded_by=account)
    return any(may(asker, "staff", "read_ways", choice) for asker in askers_of(caller))


class Requires:
    """A dependency of a route: the asker that the caller is for this verb; raises WrongRole before any body is read."""

    def __init__(self, kind: str, verb: str) -> None:
        self._kind, self._verb = kind, verb

    async def __call__(self, request: Request) -> Asker:  # async, or every request would wait for a thread
        """The caller in the role in which it may ask."""
        path = request.path_params
        subject = subject_of(self._kind, path["id"]) if "id" in path and self._kind in KINDS else ""
        return asker_for(caller_of(request), self._kind, self._verb, subject)
