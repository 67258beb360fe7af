"""What every page about talks begins with: who may see it, which talk, what may be asked of it where it stands."""

import json
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, time
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.forms import WHOLE, Form
from services.portal.languages import N_
from services.portal.pages import MOVED_ON, NotHere, Page, page_of
from services.portal.queries import talks
from services.portal.queries.published import reference
from services.portal.sight import sight_of
from services.portal.times import instant
from services.portal.words import phrase
from shared.contract.words import Level, Role
from shared.domain.clocks import SHANGHAI
from shared.domain.reference import NotPublished
from shared.domain.rights import OFFICIALS, granted
from shared.domain.talks import rules_of

PATH = "/talks"
Row = sqlite3.Row
Asked = Annotated[Page, Depends(page_of)]
Again = Callable[[Page, Row, Form, int], Awaitable[Response]]
Read = Callable[[Page, Row, Form], Mapping[str, Any]]
"""What is asked for, as the form says it; what is wrong stands in the form then."""
TO_FIELDS = {
    "leader_missing": "leaders",
    "leader_busy": "leaders",
    "talk_full": "capacity",
    "unknown_department": "departments",
    "already_announced": "number",
    "wrong_credit_code": "enterprise",
    "starts_at": "begins",
    "ends_at": "ends",
}
"""What intake complains of -> our field."""


class Doing(NamedTuple):
    """Something an organiser does about a talk: its verb, phrase and sign, in which states; the main one of a state."""

    verb: str
    phrase: str
    icon: str
    states: tuple[str, ...]
    is_main: bool = False

    @property
    def name(self) -> str:
        """As it stands in an address."""
        return self.verb.replace("_", "-")


DOINGS = (
    Doing("open", N_("Begin the talk"), "check", ("announced",), True),
    Doing("hold", N_("Close the talk"), "check", ("open",), True),
    Doing("attend", N_("Write down who has come"), "clipboard-check", ("open",)),
    Doing("name", N_("Name somebody"), "user", ("announced", "open")),
    Doing("change", N_("Change what is announced"), "edit", ("announced", "open")),
    Doing("appoint", N_("Let others lead"), "users", ("announced", "open")),
    Doing("postpone", N_("Move it to another time"), "clock", ("announced",)),
    Doing("cancel", N_("Call it off"), "x", ("announced", "open")),
)
AGENDA = ("announce", "postpone", "appoint")
"""What is asked of the agenda, which knows when leaders are engaged."""


def official(page: Page) -> Role:
    """Who may see all of talks; raises NotHere for anybody else."""
    role = page.person().role
    if role not in OFFICIALS:
        raise NotHere
    return role


def organises(page: Page) -> bool:
    """Whether who asks may announce and run talks."""
    return page.visitor is not None and page.visitor.role in granted("talk", "change")


def organiser(page: Page) -> None:
    """Raises NotHere for whoever may not."""
    page.person()
    if not organises(page):
        raise NotHere


def known(page: Page, id: str) -> Row:
    """A talk; raises NotHere where none was announced."""
    found = talks.one(page.reads, id)
    if found is None:
        raise NotHere
    return found


def may_open(page: Page, issue: Row) -> bool:
    """Whether who asks may read this issue of a talk."""
    return sight_of(page.person(), issue, page.portal.references) is not None


def possible(page: Page, talk: Row) -> list[Doing]:
    """What who asks can do about it where it stands; it begins on its day at the earliest."""
    if not organises(page):
        return []
    is_early = page.now.astimezone(SHANGHAI).date() < day_of(talk)
    return [one for one in DOINGS if talk["state"] in one.states and not (one.verb == "open" and is_early)]


def to_do(page: Page, id: str, verb: str) -> Row | Response:
    """A talk of which this may be asked now; else the way back to its page, which says so. Raises NotHere."""
    organiser(page)
    talk = known(page, id)
    if all(one.verb != verb for one in possible(page, talk)):
        return page.to(f"{PATH}/{id}?done=not_now")
    return talk


def serve(router: APIRouter, verb: str, show: Again, read: Read) -> None:
    """The page of a doing, as far as it was filled in, and what is sent from it."""
    path = f"{PATH}/{{id}}/{verb}"

    @router.get(path)
    async def opened(id: str, page: Asked) -> Response:
        talk = to_do(page, id, verb)
        return talk if isinstance(talk, Response) else await show(page, talk, page.draft(), 200)

    @router.post(path)
    async def sent(id: str, page: Asked) -> Response:
        form = (await page.form()).form
        talk = to_do(page, id, verb)
        if isinstance(talk, Response):
            return talk
        return await ask(page, talk, verb, read(page, talk, form), form, show)


async def ask(
    page: Page, talk: Row, verb: str, body: Mapping[str, Any], form: Form, again: Again
) -> Response:
    """Ask for one verb, unless something is wrong in the form already; what was typed is kept until it was done."""
    page.keep(form)
    if form.errors:
        return await again(page, talk, form, 422)
    of_agenda = verb in AGENDA
    path = (
        f"/agendas/{page.portal.jurisdiction}/{verb}"
        if of_agenda
        else f"/talks/{talk['id']}/{verb.replace('_', '-')}"
    )
    subject = "" if of_agenda else f"talk:{talk['id']}"
    answer = await page.ask("intake", path, body, key=form.sending(), subject=subject)
    if answer.is_done:
        page.forget()
        return page.to(f"{PATH}/{talk['id']}?done={page.became(answer, verb)}")
    status = page.explain(form, answer, TO_FIELDS)
    if answer.reason in MOVED_ON:
        form.errors = {WHOLE: page.say("That is not possible as the talk stands now.")}
    page.keep(form)
    return await again(page, talk, form, status)


# ------------------------------------------------------------------ in words


def day_of(talk: Row) -> date:
    """The day on which it is to begin, here."""
    return instant(talk["starts_at"]).astimezone(SHANGHAI).date()


def when(page: Page, talk: Row) -> str:
    """6月8日 周三 14:00–16:30."""
    first, last = (instant(talk[name]).astimezone(SHANGHAI) for name in ("starts_at", "ends_at"))
    return f"{page.times.day(first.date())} {first:%H:%M}–{last:%H:%M}"


def place_name(page: Page, code: str) -> str:
    """How a city or county is called; its code where that is not known."""
    return page.say(phrase("place", code))


def leaders_of(talk: Row) -> list[dict[str, str]]:
    """Who leads it."""
    return list(json.loads(talk["leaders"] or "[]"))


def led_by(page: Page, talk: Row) -> str:
    """Who leads it, each with the post, in one line."""
    return "、".join(f"{one['name']}（{one['post']}）" for one in leaders_of(talk)) or page.say("no leader")


def departments_of(talk: Row) -> list[str]:
    """The codes of the departments that will be there."""
    return list(json.loads(talk["departments"] or "[]"))


def left(talk: Row) -> int:
    """How many places are left."""
    return max(0, (talk["capacity"] or 0) - (talk["taken"] or 0))


def limit_of(page: Page, clock: str) -> str:
    """How long a clock runs by the policy in force, in words; "" where none was read here."""
    try:
        policy = reference(page.reads, page.portal.jurisdiction).policies.at(page.now)
    except NotPublished:
        return ""
    return page.times.limit(policy.limits[clock])


def calls(page: Page) -> dict[str, Any]:
    """What templates call to say these things."""
    return {
        "when": lambda talk: when(page, talk),
        "place_name": lambda code: place_name(page, code),
        "limit_of": lambda clock: limit_of(page, clock),
        "leaders_of": leaders_of,
        "led_by": lambda talk: led_by(page, talk),
        "departments_of": departments_of,
        "places_left": left,
        "by_invitation": lambda talk: rules_of(talk["series"]).by_invitation,
        "levels": (Level.CITY, Level.COUNTY),
    }


def read_time(page: Page, form: Form, on: str, begins: str, ends: str) -> tuple[datetime, datetime] | None:
    """From when until when, out of three fields; None where something is wrong, which then stands in the form."""
    try:
        day = date.fromisoformat(form.text(on))
    except ValueError:
        form.wrong(on, page.say("Write the date as year, month and day: 2026-11-25"))
        return None
    found = []
    for name in (begins, ends):
        try:
            found.append(datetime.combine(day, time.fromisoformat(form.text(name)), SHANGHAI))
        except ValueError:
            form.wrong(name, page.say("Write the time as hour and minute: 14:00"))
    if len(found) < 2:
        return None
    if found[1] <= found[0]:
        form.wrong(ends, page.say("It ends after it has begun: write a later time"))
        return None
    return found[0], found[1]
