"""The route by which a reply is made public: what would name who raised it is found here, where their name is known."""

from collections.abc import AsyncIterator, Collection
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from services.intake.contacts import Contacts
from services.intake.issue.life import Issue
from services.intake.reading import known_issue
from services.intake.sealing import Sealing, sealed_in
from services.intake.vault import Erased
from shared.answers import answer, language_of, place_of, refusal
from shared.bus import gateway as gateways
from shared.bus.gateway import Gateway
from shared.contract.commands.intake import DiscloseReply
from shared.contract.subjects import subject_of
from shared.domain.decisions import Reason
from shared.domain.rights import Asker
from shared.identity.callers import Requires
from shared.store import Aggregates
from shared.web import Id, Key

WHY = "a reply is made public"
"""What is written down of the look at the raiser's name."""
FIELDS = ("title", "text", "reply")
SHORTEST = 2
"""A name of one character would be found in any text."""
Discloser = Annotated[Asker, Depends(Requires("issue", DiscloseReply.verb))]


def routes(gateway: Gateway, store: Aggregates, contacts: Contacts, sealing: Sealing) -> APIRouter:
    """Disclosure has a route of its own: the words are compared with what the vault alone knows."""
    router = APIRouter(tags=["commands"])

    @router.post("/issues/{id}/disclose", response_model=None)
    async def disclose(
        id: Id, asker: Discloser, body: DiscloseReply, request: Request, idempotency_key: Key = None
    ) -> JSONResponse:
        """Make a reply public (脱敏公开), in words that name nobody who raises issues.

        Phone and identity-card numbers in it are masked. Where it says who raised the issue, by name, by enterprise, by
        credit code or by address, it is refused with the fields that do.
        """
        known = await known_issue(store, id)
        if known is None:
            return refusal(Reason.UNKNOWN_ISSUE, language_of(request))
        try:
            names = [name async for name in _names(id, known, asker)]
        except Erased:
            return refusal(Reason.WORDS_ERASED, language_of(request))
        if fields := naming(body, names):
            return refusal(Reason.NAMES_SOMEBODY, language_of(request), detail=", ".join(fields))
        key = f"{body.verb}/{id}/{idempotency_key or uuid4().hex}"
        asked = gateways.Request(id, body, "http", asker.actor, key)
        return answer(await gateway.ask(asked), request, place_of(id, asked.id))

    async def _names(id: str, known: Issue, asker: Asker) -> AsyncIterator[str]:
        """How the raiser and the enterprise are called; raises Erased where the issue's words are gone."""
        private = (await sealing.everything(id, known.person, sealed_in(known))).private
        code = known.enterprise or private.get("enterprise", "")
        if code:
            yield code
            document = await store.get(subject_of("enterprise", code))
            yield str(((document or {}).get("state") or {}).get("name", ""))
        try:
            contact = await contacts.show(private.get("raised_by", known.person), asker.account, WHY)
        except Erased:
            return  # nobody knows their name any more
        if contact is not None:
            yield contact.name
            yield contact.mail

    return router


def naming(body: DiscloseReply, names: Collection[str]) -> list[str]:
    """The fields in which one of these names stands, however it is spaced and written."""
    sought = [plain for name in names if len(plain := _plain(name)) >= SHORTEST]
    return [field for field in FIELDS if any(name in _plain(getattr(body, field)) for name in sought)]


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
