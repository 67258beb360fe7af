"""Routes of intake by which mistakes are mended: another body's matter is handed on, and what it said is forgotten."""

from typing import Annotated, Any, Protocol
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from services.intake.issue.life import Issue
from services.intake.issue.referring import is_unspoken, unfit_reason
from shared.answers import answer, language_of, place_of, refusal
from shared.bus import gateway as gateways
from shared.bus.gateway import Gateway
from shared.contract.commands.intake import ReferIssue
from shared.domain.rights import Asker
from shared.identity.callers import Requires
from shared.store import Aggregates
from shared.web import Id, Key

Referrer = Annotated[Asker, Depends(Requires("issue", ReferIssue.verb))]


class Keys(Protocol):
    """The keys of issues and persons (vault.py)."""

    async def erase(self, name: str) -> None:
        """Delete a key, where it is there."""


def routes(gateway: Gateway, store: Aggregates, keys: Keys) -> APIRouter:
    """What is handed to discipline inspection is read by nobody here any more: the key of its words is deleted."""
    router = APIRouter(tags=["commands"])

    @router.post("/issues/{id}/refer", response_model=None)
    async def refer(
        id: Id, asker: Referrer, body: ReferIssue, request: Request, idempotency_key: Key = None
    ) -> JSONResponse:
        """Hand an issue to the body whose matter it is (转送), which ends it here.

        A complaint about an official goes to discipline inspection without a reason: hand its words over first, for
        they are deleted as soon as it is referred. Asked again, a deletion that was broken off is finished.
        """
        if wrong := unfit_reason(body):
            return refusal(wrong.reason, language_of(request), detail=wrong.detail)
        key = f"{body.verb}/{id}/{idempotency_key or uuid4().hex}"
        asked = gateways.Request(id, body, "http", asker.actor, key)
        outcome = await gateway.ask(asked)
        # Not by the outcome: whoever asks again, with this key or another, finds it referred and finishes the rest.
        if await _is_unspoken(id):
            await keys.erase(f"issue:{id}")
        return answer(outcome, request, place_of(id, asked.id))

    async def _is_unspoken(id: str) -> bool:
        document: Any = await store.get(id)
        state = (document or {}).get("state")
        return state is not None and is_unspoken(Issue.model_validate(state))

    return router
