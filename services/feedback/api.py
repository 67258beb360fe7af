"""Feedback over HTTP: rate, decide on rework, finish tracking; the figures of a month."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from services.feedback.figures import Figures, figures
from services.feedback.store import issues_of
from shared.commands import Command, DecideRework, FinishTracking, RateReply
from shared.service import Service
from shared.web import command_routes

ROLES: dict[type[Command], str] = {
    RateReply: "entrepreneur",
    DecideRework: "office",
    FinishTracking: "leader",
}


def routes(service: Service) -> APIRouter:
    """One route a command; figures with numerators and denominators."""
    router = APIRouter()
    router.include_router(command_routes(service, ROLES))

    @router.get("/figures", tags=["reading"])
    async def month(month: Annotated[str, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]) -> Figures:
        """The figures of the issues registered in one Asia/Shanghai month, as of now."""
        return figures([issue async for issue in issues_of(service.store, month)], datetime.now(UTC), month)

    return router
