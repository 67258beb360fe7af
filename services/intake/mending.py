"""Routes by which mistakes are mended: words are corrected, questions answered, a rejection appealed, another body's
matter handed on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from services.intake.attachments.folder import Folder, NotThere
from services.intake.attachments.routes import not_there
from services.intake.forgetting import Forgetting
from services.intake.issue.life import TAKEN_ON, Issue
from services.intake.issue.referring import UNSPOKEN, unfit_reason
from services.intake.reading import known_issue
from services.intake.registering import Appealing, Correction, Registering, Supplying
from services.intake.vault import Erased
from shared.answers import answer, language_of, place_of, refusal
from shared.bus import gateway as gateways
from shared.bus.gateway import Gateway
from shared.contract.command import Command
from shared.contract.commands.intake import AppealRejection, CorrectWords, ReferIssue, SupplyMaterial
from shared.domain.decisions import Reason
from shared.domain.rights import Asker
from shared.identity.callers import Requires
from shared.identity.raisers import Raisers
from shared.store import Aggregates
from shared.web import Id, Key

Corrector = Annotated[Asker, Depends(Requires("issue", CorrectWords.verb))]
Appellant = Annotated[Asker, Depends(Requires("issue", AppealRejection.verb))]
Supplier = Annotated[Asker, Depends(Requires("issue", SupplyMaterial.verb))]
Say = Callable[[Issue], Awaitable[Command]]
Referrer = Annotated[Asker, Depends(Requires("issue", ReferIssue.verb))]


def routes(
    gateway: Gateway,
    store: Aggregates,
    registering: Registering,
    raisers: Raisers,
    forgetting: Forgetting,
    folder: Folder,
) -> APIRouter:
    """What is said later is sealed like the words; what goes to discipline inspection nobody reads here any more."""
    router = APIRouter(tags=["commands"])

    @router.post("/issues/{id}/correct-words", response_model=None)
    async def correct_words(
        id: Id, asker: Corrector, body: Correction, request: Request, idempotency_key: Key = None
    ) -> JSONResponse:
        """Set corrected words beside the first (更正原话), which stay."""

        async def correction(known: Issue) -> Command:
            return await registering.correction(id, known, body)

        return await _said(id, asker, correction, request, idempotency_key)

    @router.post("/issues/{id}/appeal", response_model=None)
    async def appeal(
        id: Id, asker: Appellant, body: Appealing, request: Request, idempotency_key: Key = None
    ) -> JSONResponse:
        """Ask, once, for a rejection to be looked at again (申请复核)."""

        async def appealing(known: Issue) -> Command:
            return await registering.appeal(id, body)

        return await _said(id, asker, appealing, request, idempotency_key)

    @router.post("/issues/{id}/supply-material", response_model=None)
    async def supply_material(
        id: Id, asker: Supplier, body: Supplying, request: Request, idempotency_key: Key = None
    ) -> JSONResponse:
        """Answer what a department or the office asks (补充材料), with the question's number and the receipts of files.

        Phone and identity-card numbers in it are masked; the outcome says how many.
        """

        async def material(known: Issue) -> Command:
            files = await asyncio.to_thread(folder.brought, body.attachments) if body.attachments else ()
            if files:
                await asyncio.to_thread(folder.link, id, files)
            return await registering.material(id, known, body, files)

        try:
            return await _said(id, asker, material, request, idempotency_key)
        except NotThere as error:
            return not_there(error.place)

    @router.post("/issues/{id}/refer", response_model=None)
    async def refer(
        id: Id, asker: Referrer, body: ReferIssue, request: Request, idempotency_key: Key = None
    ) -> JSONResponse:
        """Hand an issue to the body whose matter it is (转送), which ends it here.

        A complaint about an official goes to discipline inspection without a reason: hand its words and files over
        first, for they are deleted as soon as it is referred, whoever asks again or not.
        """
        if wrong := unfit_reason(body):
            return refusal(wrong.reason, language_of(request), detail=wrong.detail)
        key = f"{body.verb}/{id}/{idempotency_key or uuid4().hex}"
        asked = gateways.Request(id, body, "http", asker.actor, key)
        if body.body in UNSPOKEN:
            await forgetting.begin(asked)
        outcome = await gateway.ask(asked)
        # Not by the outcome: whoever asks again, with this key or another, finds it referred and finishes the rest.
        await forgetting.finish(id)
        return answer(outcome, request, place_of(id, asked.id))

    async def _said(id: str, asker: Asker, say: Say, request: Request, key: str | None) -> JSONResponse:
        """Post what somebody says about an issue that is known, as it may stand on the topic."""
        known = await known_issue(store, id)
        if known is None:
            return refusal(Reason.UNKNOWN_ISSUE, language_of(request))
        try:
            command = await say(known)
        except Erased:
            return refusal(Reason.WORDS_ERASED, language_of(request))
        asker, key = await raisers.asking(id, asker, key or uuid4().hex)
        # Whether it was taken on by then is a part of the key: its words are on the command then, and not before.
        stage = "plain" if known.state in TAKEN_ON else "sealed"
        asked = gateways.Request(id, command, "http", asker.actor, f"{command.verb}/{id}/{key}/{stage}")
        return answer(await gateway.ask(asked), request, place_of(id, asked.id))

    return router
