"""Triage: what was raised and nobody has yet; accepted and assigned in one step, or not accepted, and taken back."""

import re
import sqlite3
from asyncio import gather
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from markupsafe import Markup

from services.portal.actions import Action
from services.portal.addresses import Place, read_place
from services.portal.desks.office.beside import PLACE, beside, later, office, office_issue
from services.portal.desks.talks import reminding
from services.portal.doing import ask_for, do, given, not_now, not_too_long
from services.portal.errands import Errand, Said, Step
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.listing import LIVE, listed
from services.portal.menus import MOST_SAID
from services.portal.pages import NotHere, Page, local, page_of
from services.portal.queries import names, worklists
from services.portal.queries.names import Department
from services.portal.reading import Known, Words, files_of, words_of, words_of_all
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.words import ALWAYS_ANSWERED, RejectionGround

router = APIRouter()
MATERIAL = Action("ask_material", N_("Ask for material"), "message-circle", under=PLACE)
Asked = Annotated[Page, Depends(page_of)]
PATH, TEMPLATE = f"{PLACE}/triage", "office/triage.html"
OPINION = "opinion-"
"""Before the code of a department: the field that says that its opinion is wanted."""
MOST_SOUGHT = 50
"""Of so many at once dispatch is asked whose matter they are."""
MOST_OTHERS = 10
"""As many co-handlers as an issue may have in one round."""
STATES = {
    "": ("registered", "awaiting_material", "accepted"),
    "registered": ("registered",),
    "awaiting_material": ("awaiting_material",),
    "accepted": ("accepted",),
}
"""What the list is narrowed to -> the states of its issues."""


class Suggestion(NamedTuple):
    """A department whose matter it seems to be: the words that say so, and its duties."""

    department: Department
    terms: tuple[str, ...]


class Line(NamedTuple):
    """One issue of the list. ``errand`` is what somebody is doing about it right now."""

    issue: sqlite3.Row
    words: Words
    suggestions: list[Suggestion]
    enterprise: str
    errand: Errand | None

    @property
    def id(self) -> str:
        """The issue's id."""
        return str(self.issue["id"])

    @property
    def title(self) -> str:
        """What it is about, or its number where the words are not at hand."""
        return self.words.newest_title or str(self.issue["number"])

    @property
    def doer(self) -> str:
        """Who is doing something about it right now; "" for nobody."""
        return self.errand.visitor.kept.name if self.errand else ""


# --------------------------------------------------------------- the list


@router.get(PATH)
async def triage(page: Asked, show: str = "", issue: str = "", after: str = "", known: str = "") -> Response:
    """The list, the most urgent first, and beside it the issue that is chosen, or the first.

    What comes while it is open is only counted above it: rows that moved would be under a hand that is about to press
    a key. ``known``: the instant (ms) of the newest registration that was known when it was opened.
    """
    office(page)
    show = show if show in STATES else ""
    since = int(known) if re.fullmatch(r"[0-9]{1,15}", known) else worklists.newest(page.reads)

    async def draw(again: Page) -> str:
        return again.draw(
            "office/news.html", new=worklists.count_newer(again.reads, STATES[show], since), show=show
        )

    if LIVE in page.request.query_params:
        return await listed(page, TEMPLATE, draw)
    found = worklists.waiting(page.reads, STATES[show], read_place(after) or Place())
    lines = await lines_of(page, found.rows)
    free = [line for line in lines if line.errand is None]
    chosen = next((line for line in lines if line.id == issue), free[0] if free and not issue else None)
    query = {name: value for name, value in (("show", show), ("after", after)) if value}
    here = f"{PATH}?{urlencode(query)}{'&' if query else ''}"
    if issue and chosen:
        page.unread.opened(chosen.issue)
    page.unread.ahead(found.rows)
    onward = _onward(free)
    quoted_back = quote(_at(here, "")) if len(free) < 2 else quote(f"{here}issue=")
    return await listed(
        page,
        TEMPLATE,
        draw,
        address={"known": str(since)},
        lines=lines,
        drawn=await _drawn(page, lines, chosen.id if chosen else "", here, onward, quoted_back),
        rounds=reminding.to_begin(page),
        first_due=next((line.issue["next_due_at"] for line in lines if line.issue["next_due_at"]), None),
        chosen=chosen,
        is_chosen=bool(issue),
        form=_form(chosen),
        opens=here,
        show=show,
        counts={name: _count(page, name) for name in STATES},
        following=f"{PATH}?{urlencode(query | {'after': found.next})}" if found.next else "",
        onward=onward,
        back={} if chosen is None else {chosen.id: _at(here, onward.get(chosen.id, ""))},
        **_pane(page, chosen),
    )


async def _drawn(
    page: Page, lines: list[Line], chosen: str, here: str, onward: Mapping[str, str], quoted_back: str
) -> Markup:
    """The lines of the list as this person sees them; ``chosen`` is the id of the one that is open, "" for none."""
    seen = [
        (*line.issue, line.title, line.suggestions, line.enterprise, line.doer, page.unread(line.issue))
        for line in lines
    ]
    return await page.drawn_once(
        "office/triage_lines.html",
        (page.as_of, seen),
        *(here, chosen, quoted_back),
        own=True,
        context=lambda: {
            "lines": lines,
            "chosen": chosen,
            "opens": here,
            "onward": onward,
            "quoted_back": quoted_back,
        },
    )


def to_assign(page: Page) -> int:
    """How many issues wait, for the bar."""
    return worklists.count_waiting(page.reads, STATES[""], most=MOST_SAID + 1)


def _count(page: Page, show: str) -> int:
    """How many issues the list has, narrowed like this."""
    states = page.once(PATH, lambda: worklists.count_states(page.reads, STATES[""]))
    return sum(states.get(state, 0) for state in STATES[show])


@router.get(f"{PATH}/{{id}}")
async def pane(id: str, page: Asked, back: str = "") -> Response:
    """The chosen issue alone, for a page that has the list already."""
    about = office_issue(page, id)
    (line,) = await lines_of(page, [about.issue])
    page.unread.opened(about.issue)
    return page.show(
        "office/chosen.html", chosen=line, form=_form(line), back={id: local(back)}, **_pane(page, line)
    )


def _pane(page: Page, line: Line | None) -> dict[str, Any]:
    return {
        "departments": names.assignable(page.reads, page.at, page.view.language),
        "most": MAX_REASON_CHARS,
        "files": files_of(line.issue) if line else [],
        "may_reject": line is not None and may_reject(line.issue),
        "recorder": _recorder(page, line) if line else "",
    }


def _recorder(page: Page, line: Line) -> str:
    """Who wrote it down for the raiser, by name; "" where the raiser did."""
    account = line.issue["recorded_by"] or ""
    found = names.official(page.reads, account, page.at) if account else None
    return found.name if found else account


def _form(line: Line | None) -> Form:
    first = line.suggestions[0].department.code if line and line.suggestions else ""
    return Form({"department": first})


def _at(here: str, id: str) -> str:
    """The address of the list with this issue chosen; "" for none."""
    return f"{here}issue={id}" if id else here.rstrip("&")


def _onward(free: Sequence[Line]) -> dict[str, str]:
    """For each issue of the list the one that comes after it, behind the last the one before it; "" for none."""
    ids = [line.id for line in free]
    return dict(zip(ids, [*ids[1:], ids[-2] if len(ids) > 1 else ""], strict=True)) if ids else {}


async def lines_of(page: Page, rows: Sequence[sqlite3.Row]) -> list[Line]:
    """These issues with their words and whose matter they seem to be."""
    words = await words_of_all(page, rows)
    suggestions = await suggested(page, words)
    errands = page.portal.sending.errands.open_on([row["id"] for row in rows])
    enterprises = names.enterprises(page.reads, {row["enterprise"] for row in rows if row["enterprise"]})
    return [
        Line(row, said, found, enterprises.get(row["enterprise"], ""), errands.get(row["id"]))
        for row, said, found in zip(rows, words, suggestions, strict=True)
    ]


async def suggested(page: Page, words: Iterable[Words]) -> list[list[Suggestion]]:
    """For each of these what dispatch's own rules suggest; nothing where dispatch does not answer."""
    words = list(words)
    said = [{"title": one.newest_title, "text": one.newest_text} for one in words if one.at_hand]
    if not said:
        return [[] for _ in words]
    chunks = [said[first : first + MOST_SOUGHT] for first in range(0, len(said), MOST_SOUGHT)]
    answers = await gather(
        *(page.ask("dispatch", "/suggestions", {"issues": chunk}, key="suggestions") for chunk in chunks)
    )
    answered = chain.from_iterable(
        answer.body.get("issues") or [[] for _ in chunk]
        for chunk, answer in zip(chunks, answers, strict=True)
    )
    found: list[list[dict[str, Any]]] = [next(answered, []) if one.at_hand else [] for one in words]
    there = {one.code: one for one in names.assignable(page.reads, page.at, page.view.language)}
    return [
        [
            Suggestion(there[one["department"]], tuple(one["terms"]))
            for one in issue
            if one["department"] in there
        ]
        for issue in found
    ]


# ------------------------------------------------------ accept and assign


@router.get(f"{PLACE}/issues/{{id}}/accept")
async def accept(id: str, page: Asked) -> Response:
    """Take it on, and give it to a department in the same step."""
    return await ask_for(page, office_issue(page, id), "accept", _assign)


@router.get(f"{PLACE}/issues/{{id}}/assign")
async def assign(id: str, page: Asked) -> Response:
    """Give it to a department."""
    return await ask_for(page, office_issue(page, id), "assign", _assign)


@router.post(f"{PLACE}/issues/{{id}}/accept")
async def send_acceptance(id: str, page: Asked) -> Response:
    """Keep the acceptance, and behind it the assignment; both wait ten seconds."""
    sent = await page.form()
    about, form = office_issue(page, id), sent.form
    accepting = Step("intake", f"/issues/{id}/accept", {}, f"{form.sending()}-accept")
    if sent.pressed == "accept":
        return await _keep(page, about, form, "accept", (accepting,), "")
    code, others = _department(page, form), _others(page, form)
    steps = (accepting, _assigning(id, form, code, others))
    return await _keep(page, about, form, "accept_and_assign", steps, code)


@router.post(f"{PLACE}/issues/{{id}}/assign")
async def send_assignment(id: str, page: Asked) -> Response:
    """Keep the assignment; it waits ten seconds."""
    form = (await page.form()).form
    about, code, others = office_issue(page, id), _department(page, form), _others(page, form)
    return await _keep(page, about, form, "assign", (_assigning(id, form, code, others),), code)


def _assigning(id: str, form: Form, code: str, others: Sequence[str]) -> Step:
    body: dict[str, Any] = {"department": code}
    if others:
        body |= {"co_handlers": others, "wanted": form.text("wanted")}
    return Step("dispatch", f"/issues/{id}/assign", body, f"{form.sending()}-assign")


def _others(page: Page, form: Form) -> list[str]:
    """The departments that are asked for their opinion in the same step; what is wrong about them is said."""
    every = names.assignable(page.reads, page.at, page.view.language)
    others = [one.code for one in every if form.is_ticked(f"{OPINION}{one.code}")]
    lead = form.text("other") or form.text("department")
    if others and not form.text("wanted"):
        form.wrong("wanted", page.say("Say what its opinion is wanted on: the department reads it"))
    elif form.text("wanted") and not others:
        form.wrong("wanted", page.say("Choose the department that is asked"))
    elif lead in others:
        form.wrong(
            "wanted", page.say("The department that gets it gives no opinion beside: take its tick away")
        )
    elif len(others) > MOST_OTHERS:
        said = page.say("At most %(most)d departments are asked for their opinion") % {"most": MOST_OTHERS}
        form.wrong("wanted", said)
    not_too_long(page, form, "wanted", MAX_REASON_CHARS)
    return others


def _department(page: Page, form: Form) -> str:
    """The department that was chosen; one of the whole list counts more than what was suggested."""
    code = form.text("other") or form.text("department")
    if code not in {one.code for one in names.assignable(page.reads, page.at, page.view.language)}:
        form.wrong("other", page.say("Choose the department whose matter it is"))
    return code


async def _keep(
    page: Page, about: Known, form: Form, verb: str, steps: tuple[Step, ...], code: str
) -> Response:
    if not form.errors:
        title = (await words_of(page, about.issue)).newest_title or about.issue["number"]
        if onward := later(page, about, Said(verb, title, code), steps, form):
            return onward
    return await _assign(page, about, form, 422)


async def _assign(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    (line,) = await lines_of(page, [about.issue])
    if not form.text("department"):
        form.values["department"] = _form(line).text("department")
    back = {line.id: form.text("back") or f"/issues/{line.id}"}
    return page.show("office/assign.html", status, chosen=line, form=form, back=back, **_pane(page, line))


# ------------------------------------------------------- ask for material


@router.get(f"{PLACE}/issues/{{id}}/ask-material")
async def ask_material(id: str, page: Asked) -> Response:
    """What who raised it is asked for, before the office decides."""
    return await ask_for(page, office_issue(page, id), MATERIAL.verb, _ask_material)


@router.post(f"{PLACE}/issues/{{id}}/ask-material")
async def send_question(id: str, page: Asked) -> Response:
    """Ask at once: who raised it is told."""
    form, about = (await page.form()).form, office_issue(page, id)
    if not form.text("words"):
        form.wrong("words", page.say("Say what is to be supplied: who raised it reads this"))
    not_too_long(page, form, "words", MAX_REASON_CHARS)
    return await do(page, about, MATERIAL.verb, given(form, "words"), form, _ask_material)


async def _ask_material(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    return await beside(page, "office/ask_material.html", about, form, status, most=MAX_REASON_CHARS)


# ----------------------------------------------------------------- reject


def may_reject(issue: sqlite3.Row) -> bool:
    """Whether not accepting it is possible at all: not what came from a talk or a visit, nor after an appeal."""
    return issue["origin"] not in ALWAYS_ANSWERED and issue["appealed_at"] is None


@router.get(f"{PLACE}/issues/{{id}}/reject")
async def reject(id: str, page: Asked, back: str = "") -> Response:
    """Four grounds and an explanation."""
    about = office_issue(page, id)
    if elsewhere := not_now(page, about, "reject"):
        return elsewhere
    form = page.draft()
    if not may_reject(about.issue):
        raise NotHere
    form.values.setdefault("back", back)
    return await _reject(page, about, form)


@router.post(f"{PLACE}/issues/{{id}}/reject")
async def send_rejection(id: str, page: Asked) -> Response:
    """Keep the rejection; it waits ten seconds."""
    form = (await page.form()).form
    about = office_issue(page, id)
    if form.text("ground") not in set(RejectionGround):
        form.wrong("ground", page.say("Choose one of the four grounds: there are no others"))
    if not form.text("explanation"):
        form.wrong("explanation", page.say("Explain it: who raised it reads this"))
    not_too_long(page, form, "explanation", MAX_REASON_CHARS)
    if not form.errors:
        step = Step(
            "intake", f"/issues/{id}/reject", given(form, "ground", "explanation"), f"{form.sending()}-reject"
        )
        title = (await words_of(page, about.issue)).newest_title or about.issue["number"]
        if onward := later(page, about, Said("reject", title), (step,), form):
            return onward
    page.keep(form)
    return await _reject(page, about, form, 422)


async def _reject(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    return await beside(page, "office/reject.html", about, form, status)
