"""What is looked at again: the supervisor's list of it, and what a look-back found.

The rules are supervision's (docs/loop.md, supervision): here they only spare people a button that would be refused.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.actions import Action
from services.portal.addresses import Place, read_place, with_query
from services.portal.desks.board.lifting import may_not
from services.portal.doing import ask_for, asked_of, do, given, not_too_long, number
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.listing import listed
from services.portal.menus import MOST_SAID
from services.portal.pages import Page, page_of
from services.portal.queries import issues, looking
from services.portal.queries.looking import Chosen
from services.portal.reach import everything
from services.portal.reading import Known, words_of
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.words import Finding, Listed, Role
from shared.domain.clocks import SHANGHAI

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = "/look-backs"
DUE = (looking.LATE, looking.SOON)

LOOK = Action("record_look_back", N_("Say what a look-back found"), "eye")
BY_ROLE = {Role.SUPERVISOR: (LOOK,)}
LOOKED_AT = ("tracked", "closed")


class Narrowed(NamedTuple):
    """What the address asks for; a value that is none of ours asks for nothing."""

    due: str = ""
    why: str = ""
    department: str = ""

    def address(self, **other: str) -> str:
        """The list with these values, some of them replaced."""
        return with_query(PATH, self._asdict() | other)


def overdue(page: Page) -> int:
    """How many looks are overdue, for the bar on top."""
    return looking.counted(page.reads, Chosen(looking.LATE), page.at, MOST_SAID + 1)


def actions(page: Page, about: Known) -> tuple[Action, ...]:
    """What a supervisor can do about what was promised in an issue."""
    found = BY_ROLE.get(page.person().role, ())
    return found if found and about.issue["state"] in LOOKED_AT and not may_not(page, about) else ()


@router.get(PATH)
async def show(page: Asked, due: str = "", why: str = "", department: str = "", after: str = "") -> Response:
    """The list, narrowed as the address says; it stays up to date while it is open."""
    everything(page.person())
    narrowed = Narrowed(
        due if due in DUE else "",
        why if why in list(Listed) else "",
        department if department in page.departments else "",
    )

    async def draw(again: Page) -> str:
        return again.draw("board/look_rows.html", **_parts(again, narrowed, after))

    return await listed(
        page, "board/look_backs.html", draw, readers="everything", narrowed=narrowed, reasons=list(Listed)
    )


def _parts(page: Page, narrowed: Narrowed, after: str) -> dict[str, Any]:
    chosen = Chosen(*narrowed)
    rows = looking.page(page.reads, chosen, page.at, read_place(after))
    last = rows[looking.PAGE - 1] if len(rows) > looking.PAGE else None
    return {
        "narrowed": narrowed,
        "rows": rows[: looking.PAGE],
        "total": looking.count(page.reads, chosen, page.at),
        "most": looking.MOST_COUNTED,
        "clock_now": f"{page.now.astimezone(SHANGHAI):%H:%M}",
        "following": narrowed.address(after=Place(last["look_due_at"], last["id"]).written) if last else "",
        "beginning": narrowed.address() if after else "",
    }


@router.get("/issues/{id}/record-look-back")
async def look(id: str, page: Asked) -> Response:
    """What was promised, and what was found of it."""
    about = asked_of(page, id, LOOK.verb, BY_ROLE)
    if not actions(page, about):
        return page.to(f"/issues/{id}?done=not_now")
    return await ask_for(page, about, LOOK.verb, _look)


@router.post("/issues/{id}/record-look-back")
async def send_look(id: str, page: Asked) -> Response:
    """Record what was found."""
    form, about = (await page.form()).form, asked_of(page, id, LOOK.verb, BY_ROLE)
    finding = form.text("finding")
    if finding not in list(Finding):
        form.wrong("finding", page.say("Say what was found"))
    if not form.text("words"):
        form.wrong("words", page.say("Write what was found: who raised it and the department read it"))
    not_too_long(page, form, "words", MAX_REASON_CHARS)
    next_on = _day(form)
    if finding == Finding.NOT_YET and next_on is None:
        form.wrong("next_on", page.say("Name the day on which it is looked at again"))
    body = {"round": number(form, "round"), **given(form, "finding", "words")}
    if finding == Finding.NOT_YET and next_on is not None:
        body["next_on"] = next_on.isoformat()
    fields = {"date_too_early": "next_on", "date_too_far": "next_on", "date_missing": "next_on"}
    return await do(page, about, LOOK.verb, body, form, _look, fields)


def _day(form: Form) -> date | None:
    try:
        return date.fromisoformat(form.text("next_on"))
    except ValueError:
        return None


async def _look(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    words = await words_of(page, about.issue) if about.sight.words else None
    tomorrow = datetime.now(SHANGHAI).date() + timedelta(days=1)
    return page.show(
        "board/look_back.html",
        status,
        about=about,
        issue=about.issue,
        form=form,
        words=words,
        reply=next(iter(issues.replies(page.reads, about.id)), None),
        tomorrow=tomorrow,
        most=MAX_REASON_CHARS,
    )
