"""What an entrepreneur does about issues of their own: the list of them, and what may be asked of one."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.actions import Action
from services.portal.desks.entrepreneur import answering, linking, raising, searching, supplying
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.listing import listed
from services.portal.menus import Link, Menu
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import own_issues
from services.portal.reading import words_of_all
from shared.contract.words import Role

router = APIRouter()
for part in (raising, answering, supplying, linking):
    router.routes.extend(part.router.routes)
Asked = Annotated[Page, Depends(page_of)]

MENU = Menu(
    "/mine",
    N_("Entrepreneur"),
    N_("Raise an issue on the phone, see who has it, rate the reply"),
    "building",
    (Link("/mine", N_("My issues")), Link("/raise", N_("Raise an issue")), Link("/talks", N_("Talks"))),
)
_NO_REPLY_YET = N_("You cannot rate yet: there is no reply.")
ACTIONS = (
    Action(
        "supply_material",
        N_("Answer the question"),
        "message-circle",
        True,
        only=lambda issue: issue["to_answer"] is not None,
    ),
    Action("rate", N_("Rate the reply"), "star", True, {"known": _NO_REPLY_YET, "rework": _NO_REPLY_YET}),
    Action(
        "appeal",
        N_("Appeal"),
        "flag",
        True,
        only=lambda issue: issue["appealed_at"] is None,
    ),
    Action(
        "confirm_words",
        N_("Confirm my words"),
        "check",
        only=lambda issue: (
            bool(issue["recorded_by"] or issue["corrected_version"])
            and issue["confirmed_version"] != (issue["corrected_version"] or 1)
        ),
    ),
    Action("correct_words", N_("Supply or correct"), "edit"),
    Action("make_link", N_("Make a private link"), "link", only=lambda issue: issue["ended_at"] is None),
    Action(
        "withdraw",
        N_("Withdraw it"),
        "x",
        why_not={"answered": N_("You cannot withdraw it any more: a reply is out.")},
    ),
)


@router.get("/mine")
async def mine(page: Asked, after: str = "", q: str = "") -> Response:
    """What one raised: what waits for oneself on top, then what is open, then what is over; or what was searched.

    The list stays up to date while it is open.
    """
    visitor = page.person()
    if visitor.role is not Role.ENTREPRENEUR:
        raise NotHere
    if q.strip():
        return await searching.found(page, q)
    person, place = visitor.kept.person, own_issues.Place.read(after)
    first = own_issues.of_person(page.reads, person, page.portal.references, page.at, place)

    async def draw(again: Page) -> str:
        if again is page:
            return await _own(again, first, place)
        now = own_issues.of_person(again.reads, person, again.portal.references, again.at, place)
        return await _own(again, now, place)

    draft = Form(page.portal.own.draft(page.owner, raising.PATH))
    return await listed(page, "entrepreneur/mine.html", draw, draft=draft, has_any=bool(first.counts))


async def _own(page: Page, found: own_issues.OwnIssues, place: own_issues.Place) -> str:
    page.unread.ahead(found.rows)
    words = await words_of_all(page, found.rows)
    titles = {row["id"]: said.title for row, said in zip(found.rows, words, strict=True)}
    groups = [
        (name, [row for row in found.rows if row["part"] == part], found.counts.get(part, 0))
        for part, name in enumerate((N_("Waiting for you"), N_("On their way"), N_("Over")))
    ]
    following = f"/mine?after={found.next}" if found.next else ""
    return page.draw(
        "entrepreneur/own.html", groups=groups, titles=titles, following=following, is_first=not place.id
    )
