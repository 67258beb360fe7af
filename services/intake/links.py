"""Links over HTTP: made and shown once, revoked, and redeemed for what a token of one issue says."""

from hashlib import sha256
from secrets import token_hex
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from services.intake.issue.linking import opens
from services.intake.issue.numbers import is_issue_id
from services.intake.reading import known_issue
from shared.answers import answer, come_later, place_of, problem
from shared.bus import gateway as gateways
from shared.bus.gateway import Gateway
from shared.contract.command import Command
from shared.contract.commands.intake import MakeLink, RevokeLink
from shared.domain.rights import Asker
from shared.identity.callers import Requires
from shared.identity.raisers import Raisers
from shared.store import Aggregates
from shared.throttle import Throttle
from shared.web import Id, Key

Maker = Annotated[Asker, Depends(Requires("issue", "make_link"))]
Revoker = Annotated[Asker, Depends(Requires("issue", "revoke_link"))]
Redeemer = Depends(Requires("link", "redeem"))
SECRET_BYTES = 16
"""128 bits: nobody guesses them, so a plain hash of them keeps them secret."""
OF_ONE_ISSUE, OF_ALL, WINDOW_SECONDS = 10, 300, 60.0
"""So many wrong tries in so many seconds, then nobody may try: at one issue, and at all of them together."""
NO_LINK = "这个链接无效或已失效 / this link is not valid, or no longer"


class Asked(BaseModel):
    """There is nothing to say when a link is made or revoked."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Brought(BaseModel):
    """A link as somebody opened it: issue, number and secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    link: str = Field(max_length=200, examples=["7K3M9QXT2B4N6.1.00112233445566778899aabbccddeeff"])


class Admitted(BaseModel):
    """What a link admits to: one issue, as the person who raised it."""

    issue: str
    person: str
    """The reference by which the events of this issue know the person."""
    serial: int


def routes(
    gateway: Gateway, store: Aggregates, raisers: Raisers, throttle: Throttle | None = None
) -> APIRouter:
    """Whoever asks for a link sees it in that answer alone: only its hash is written down."""
    router = APIRouter()
    tries = throttle or Throttle(OF_ONE_ISSUE, OF_ALL, WINDOW_SECONDS)

    @router.post("/issues/{id}/links", status_code=201, tags=["commands"], response_model=None)
    async def make(
        id: Id, asker: Maker, body: Asked, request: Request, idempotency_key: Key = None
    ) -> JSONResponse:
        """Make a link to an issue for the person who raised it; the one before is good no more.

        The answer shows it, and nothing shows it again: the same request once more is another one, and refused.
        """
        secret = token_hex(SECRET_BYTES)
        command = MakeLink(sha256=sha256(secret.encode()).hexdigest())
        outcome, place = await _ask(id, asker, command, idempotency_key)
        if outcome is not None and outcome["status"] == "done":
            outcome = {**outcome, "link": f"{id}.{outcome['serial']}.{secret}"}
        return answer(outcome, request, place, created=True)

    @router.post("/issues/{id}/links/revoke", tags=["commands"], response_model=None)
    async def revoke(
        id: Id, asker: Revoker, body: Asked, request: Request, idempotency_key: Key = None
    ) -> JSONResponse:
        """Make the link to an issue worthless."""
        outcome, place = await _ask(id, asker, RevokeLink(), idempotency_key)
        return answer(outcome, request, place)

    @router.post("/links/redeem", tags=["links"], response_model=Admitted, dependencies=[Redeemer])
    async def redeem(body: Brought) -> Any:
        """What a link admits to, for whoever signs tokens; the same answer for every link that is not valid."""
        issue, serial, secret = _parts(body.link)
        if wait := tries.wait_seconds(issue):
            return come_later(429, "尝试过多，请稍后再试 / too many wrong tries: wait", wait)
        tries.begin(issue)
        known = await known_issue(store, issue) if is_issue_id(issue) else None
        if not opens(known, serial, secret) or known is None:
            return problem(404, NO_LINK)
        tries.forgive(issue)
        return Admitted(issue=issue, person=known.person, serial=serial)

    async def _ask(
        id: str, asker: Asker, command: Command, key: str | None
    ) -> tuple[dict[str, Any] | None, str]:
        asker, key = await raisers.asking(id, asker, key or uuid4().hex)
        asked = gateways.Request(id, command, "http", asker.actor, f"{command.verb}/{id}/{key}")
        outcome = await gateway.ask(asked)
        return None if outcome is None else dict(outcome), place_of(id, asked.id)

    return router


def _parts(link: str) -> tuple[str, int, str]:
    """Issue, number and secret of a link; of what is none the issue may be anything, and the number is 0."""
    issue, _, rest = link.strip().partition(".")
    serial, _, secret = rest.partition(".")
    return issue, int(serial) if serial.isascii() and serial.isdecimal() and len(serial) < 10 else 0, secret
