"""The operator's first page: is everything all right, and if not, what; then service by service."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.operator import dead_letters, held, projection, watched
from services.portal.desks.operator.asking import SHOWN, operator, standing
from services.portal.desks.operator.troubles import lasting, named, part, troubles
from services.portal.languages import N_
from services.portal.menus import Link, Menu
from services.portal.pages import Page, page_of
from services.portal.queries import notices, projected

HOME, NOTICES = "/operator", "/operator/notices"
router = APIRouter()
for its in (dead_letters, held, projection, watched):
    router.routes.extend(its.router.routes)
Asked = Annotated[Page, Depends(page_of)]

MENU = Menu(
    HOME,
    N_("Operator"),
    N_("See whether all services keep up, and mend what could not be used"),
    "server",
    (
        Link(HOME, N_("How it runs")),
        Link("/operator/dead-letters", N_("Dead letters")),
        Link("/operator/held", N_("Missing events")),
        Link("/operator/projection", N_("What pages show")),
        Link(watched.PATH, N_("Dashboards")),
    ),
)


@router.get(HOME)
async def overview(page: Asked) -> Response:
    """All services and the portal at one glance; what one of them does not say is said to be unknown."""
    operator(page)
    services, shown = await standing(page), page.portal.projection.standing()
    topics = list(projected.topics(page.reads))
    return page.show(
        "operator/overview.html",
        services=services,
        shown=shown,
        troubles=troubles(page, services, shown),
        topics=topics,
        held=projected.held(page.reads),
        incomplete=projected.shown_incompletely(page.reads),
        named=lambda service: named(page, service),
        part=lambda missing: part(page, missing),
        lasting=lambda seconds: lasting(page, seconds),
        most=SHOWN,
        unsent=notices.of_all(page.reads, 1),
    )


@router.get(NOTICES)
async def unsent(page: Asked) -> Response:
    """Who could not be told of what, in which way, and why: the newest."""
    operator(page)
    return page.show("operator/notices.html", unsent=notices.of_all(page.reads, SHOWN), most=SHOWN)
