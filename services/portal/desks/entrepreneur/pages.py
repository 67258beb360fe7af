"""What an entrepreneur does about issues of their own: the list of them, and what may be asked of one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.actions import Action
from services.portal.desks.entrepreneur import answering, raising
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.menus import Link, Menu
from services.portal.moves import is_legal
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import issues
from services.portal.reading import words_of
from shared.contract.words import Role

router = APIRouter()
router.include_router(raising.router)
router.include_router(answering.router)
Asked = Annotated[Page, Depends(page_of)]

MENU = Menu(
    "/mine",
    N_("Entrepreneur"),
    N_("Raise an issue on the phone, see who has it, rate the reply"),
    "building",
    (Link("/mine", N_("My issues")), Link("/raise", N_("Raise an issue"))),
)
_NO_REPLY_YET = N_("You cannot rate yet: there is no reply.")
ACTIONS = (
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
    Action(
        "withdraw",
        N_("Withdraw it"),
        "x",
        why_not={"answered": N_("You cannot withdraw it any more: a reply is out.")},
    ),
)


@router.get("/mine")
async def mine(page: Asked) -> Response:
    """What one raised: what waits for oneself on top, then what is open, then what is over."""
    visitor = page.person()
    if visitor.role is not Role.ENTREPRENEUR:
        raise NotHere
    rows = list(issues.of_person(page.reads, visitor.kept.person, page.portal.references))
    titles = {row["id"]: (await words_of(page, row)).title for row in rows}
    waiting = [row for row in rows if row["state"] in ("replied", "rejected") and _waits(page, row)]
    over = [row for row in rows if row["ended_at"] is not None and row not in waiting]
    going = [row for row in rows if row not in waiting and row not in over]
    draft = Form(page.portal.own.draft(page.owner, raising.PATH))
    groups = [
        (N_("Waiting for you"), waiting),
        (N_("On their way"), going),
        (N_("Over"), over),
    ]
    return page.show("entrepreneur/mine.html", groups=groups, titles=titles, draft=draft)


def _waits(page: Page, row: Any) -> bool:
    if row["state"] == "replied":
        return is_legal(row, "rate") and (row["open_until"] or 0) > page.at
    return row["appealed_at"] is None and (row["appeal_until"] or 0) > page.at
