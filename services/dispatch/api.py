"""Dispatch over HTTP: assign, sign for, return, rule, draft, sign off, check, release; the directory."""

from fastapi import APIRouter

from services.dispatch.routing import directory
from shared.commands import (
    AssignIssue,
    CheckReply,
    Command,
    DraftReply,
    ReleaseReply,
    ReturnAssignment,
    RuleOnReturn,
    SendBackReply,
    SignAssignment,
    SignOffReply,
)
from shared.service import Service
from shared.web import command_routes

ROLES: dict[type[Command], str] = {
    AssignIssue: "office",
    SignAssignment: "dept",
    ReturnAssignment: "dept",
    RuleOnReturn: "office",
    DraftReply: "dept",
    SignOffReply: "dept",
    CheckReply: "office",
    SendBackReply: "office",
    ReleaseReply: "office",
}


def routes(service: Service) -> APIRouter:
    """One route a command, and the department directory."""
    router = APIRouter()
    router.include_router(command_routes(service, ROLES))

    @router.get("/departments", tags=["reading"])
    async def departments() -> list[dict[str, str]]:
        """Code, names and head's post of every department."""
        return [
            {"code": entry.code, "name_zh": entry.name_zh, "name_en": entry.name_en, "head": entry.head}
            for entry in directory().values()
        ]

    return router
