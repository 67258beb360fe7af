"""Enterprises over HTTP, beside the routes that follow from the contract: all of them, page by page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from services.intake.enterprise.life import Enterprise
from shared.contract.subjects import subject_of
from shared.domain.rights import Asker
from shared.identity.callers import Requires
from shared.store import Aggregates

PAGE = 500
FIRST, BEHIND_ALL = subject_of("enterprise", ""), "enterprise;"
"""The range of their subjects: the semicolon follows the colon."""

After = Annotated[str, Query(max_length=18, pattern=r"^\w*$")]
Limit = Annotated[int, Query(ge=1, le=PAGE)]


class ListedEnterprise(BaseModel):
    """One enterprise as it is known now."""

    model_config = ConfigDict(extra="ignore")
    code: str
    name: str
    trade: str
    size: str | None
    district: str
    contacts: tuple[str, ...]
    revision: int


class Enterprises(BaseModel):
    """A page of enterprises, by code; ``next`` is after which one the next page begins, none at the end."""

    enterprises: list[ListedEnterprise]
    next: str | None


def routes(store: Aggregates) -> APIRouter:
    """The list of all enterprises."""
    router = APIRouter(tags=["reading"])

    @router.get("/enterprises")
    async def enterprises(
        asker: Annotated[Asker, Depends(Requires("enterprise", "read"))],
        after: After = "",
        limit: Limit = PAGE,
    ) -> Enterprises:
        """The enterprises in the order of their codes, at most ``limit``, from behind ``after`` on."""
        # Behind an enterprise stand the outcomes of its old commands, ``<subject>|<command>``; ``}`` is behind them.
        low = f"{FIRST}{after}}}" if after else FIRST
        documents = await store.between(low, BEHIND_ALL, limit)
        codes = [str(document["_id"]).removeprefix(FIRST).partition("|")[0] for document in documents]
        listed = [
            ListedEnterprise(code=code, **Enterprise.model_validate(document["state"]).model_dump())
            for code, document in zip(codes, documents, strict=True)
            if document["kind"] == "enterprise" and document.get("state") is not None
        ]
        return Enterprises(enterprises=listed, next=codes[-1] if len(documents) == limit else None)

    return router
