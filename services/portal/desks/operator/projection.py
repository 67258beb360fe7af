"""What pages show: how far it goes, what it could not read, and building it anew, for every namespace there is."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.operator.asking import operator
from services.portal.desks.operator.troubles import lasting
from services.portal.forms import WHOLE, Form
from services.portal.pages import Page, page_of
from services.portal.queries import projected

PATH = "/operator/projection"
EVERYTHING = "*"
"""The field's value for all namespaces."""
BROKER_SECONDS = 4.0
router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


@router.get(PATH)
async def show(page: Asked) -> Response:
    """The live one topic by topic, the namespaces, and the build that was begun last."""
    operator(page)
    return await _show(page, Form())


@router.get(f"{PATH}/build")
async def build(page: Asked) -> Response:
    """The build alone, for a page that looks again and again while it goes on."""
    operator(page)
    return page.show(
        "operator/build.html", builds=page.portal.builds, lasting=lambda value: lasting(page, value)
    )


@router.get(f"{PATH}/check")
@router.get(f"{PATH}/rebuild")
async def back(page: Asked) -> Response:
    """Where somebody comes out who had to sign in before building it anew."""
    operator(page)
    return page.to(PATH)


@router.post(f"{PATH}/check")
async def check(page: Asked) -> Response:
    """Build it anew beside and compare; nothing changes."""
    return await _begin(page, check=True)


@router.post(f"{PATH}/rebuild")
async def rebuild(page: Asked) -> Response:
    """Build it anew and show the new one in place of the old."""
    return await _begin(page, check=False)


async def _begin(page: Page, *, check: bool) -> Response:
    form, actor = (await page.form()).form, operator(page, "projection", "rebuild")
    chosen = form.text("namespace")
    namespace = None if check and chosen == EVERYTHING else chosen
    if namespace is not None and namespace not in (await _namespaces(page) or [""]):
        form.wrong(WHOLE, page.say("There is no such namespace any more"))
        return await _show(page, form, 422)
    if not page.portal.builds.begin(namespace, check=check, by=actor, now=page.now):
        form.wrong(WHOLE, page.say("One is being built already: wait for its end"))
        return await _show(page, form, 409)
    return page.to(PATH)


async def _show(page: Page, form: Form, status: int = 200) -> Response:
    return page.show(
        "operator/projection.html",
        status,
        form=form,
        shown=page.portal.projection.standing(),
        topics=list(projected.topics(page.reads)),
        held=projected.held(page.reads),
        incomplete=projected.shown_incompletely(page.reads),
        namespaces=await _namespaces(page),
        builds=page.portal.builds,
        everything=EVERYTHING,
        lasting=lambda value: lasting(page, value),
    )


async def _namespaces(page: Page) -> list[str] | None:
    """Every namespace, the live one first; None where the broker does not say."""
    try:
        async with asyncio.timeout(BROKER_SECONDS):
            return await page.portal.projection.namespaces()
    except Exception:  # whatever the Kafka client raises: the rest of the page is shown
        return None
