"""Choosing whom one wants to be among the invented people of the embedded system; language, type size, the way out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.beginning import begin
from services.portal.own import Kept
from services.portal.pages import NotHere, Page, local, page_of
from services.portal.queries import issues, names
from services.portal.session import LANGUAGES, View, hash_of, keep_view, new_id
from shared.contract.words import Role

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
INVENTED = tuple(json.loads(Path(__file__).with_name("invented.json").read_bytes()))
SHOWN_AT_ONCE = 3
"""Of one role; the others are a click away: thirty departments have ninety people."""


class Somebody(NamedTuple):
    """One of those whom one can be."""

    account: str
    name: str
    role: Role
    department: str = ""
    enterprise: str = ""
    has: int = 0
    """How many issues that are not answered yet the department holds."""

    @property
    def choice(self) -> str:
        """What the button sends."""
        return f"{self.role}:{self.account}"


def people(page: Page) -> Iterator[Somebody]:
    """The invented entrepreneurs, then the published officials of every role that has pages: in the order of roles, and
    of one role those whose department has most to do first."""
    for one in INVENTED:
        yield Somebody(one["account"], one["name"], Role.ENTREPRENEUR, enterprise=one["enterprise"])
    there, held = list(names.officials(page.reads, page.at)), issues.held(page.reads)
    busiest = sorted(there, key=lambda one: -held.get(one.department, 0))
    for role in page.portal.menus:
        for one in busiest:
            if role in one.roles:
                yield Somebody(one.account, one.name, role, one.department, has=held.get(one.department, 0))


@router.get("/")
async def home(page: Asked) -> Response:
    """Where one's work begins; for who is not signed in, the choice of people."""
    if page.visitor is None:
        return _choice(page, "")
    linked = page.visitor.issue
    return page.to(f"/issues/{linked}" if linked else page.portal.menus[page.visitor.role].home)


@router.get("/sign-in")
async def choose(page: Asked, next: str = "") -> Response:
    """Whom one can be; ``next`` is where one wanted to go."""
    return _choice(page, local(next))


@router.post("/sign-in")
async def sign_in(page: Asked) -> Response:
    """Become somebody, in a session with a new id; what was written before comes along."""
    sent = await page.sent()
    chosen = next((one for one in people(page) if one.choice == sent.pressed), None)
    if chosen is None:
        raise NotHere
    person = page.portal.references.person(chosen.account) if chosen.role is Role.ENTREPRENEUR else ""
    kept = Kept(chosen.account, chosen.role, chosen.department, chosen.name, person)
    id = new_id()
    page.portal.own.sign_in(hash_of(id), kept, page.now)
    return begin(page, id, kept, local(sent.form.text("next")) or "/")


@router.post("/sign-out")
async def leave(page: Asked) -> Response:
    """End the session; the next click chooses again."""
    await page.sent()
    page.portal.own.end(hash_of(page.id))
    return page.to("/")


@router.get("/view")
async def view(page: Asked, language: str = "", large: str = "", next: str = "") -> Response:
    """Another language or type size from here on."""
    wanted = language if language in LANGUAGES else page.view.language
    big = {"1": True, "0": False}.get(large, page.view.large)
    response = page.to(local(next) or "/")
    keep_view(response, View(wanted, big))
    return response


def _choice(page: Page, onward: str) -> Response:
    groups: dict[Role, list[Somebody]] = {}
    for one in people(page):
        groups.setdefault(one.role, []).append(one)
    return page.show("signing_in/people.html", groups=groups, onward=onward, at_once=SHOWN_AT_ONCE)
