"""What all pages share: who asks, in which language, at what time; drawing a page, reading a form, asking a service."""

import sqlite3
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from services.portal import forms, links, times
from services.portal.asking import NO_ANSWER, Answer, Services
from services.portal.errands import Errand
from services.portal.forms import Form, Sent
from services.portal.joining import Joining
from services.portal.languages import N_, words_in
from services.portal.mailbox import Mailbox
from services.portal.menus import MOST_SAID, Menu
from services.portal.network import is_here
from services.portal.once import Once
from services.portal.own import Own
from services.portal.projection.batch import Changed
from services.portal.projection.builds import Builds
from services.portal.projection.projection import Standing
from services.portal.queries import names
from services.portal.rendering import Templates
from services.portal.sending import Sending
from services.portal.session import View, Visitor, hash_of, id_of, is_marked, mark_for, new_id, view_of
from services.portal.times import MINUTE_MS, Times
from services.portal.unread import Unread
from services.portal.viewers import Viewers
from services.portal.watching import Watching
from services.portal.words import RULES
from shared.contract.envelope import read_seen
from shared.contract.words import Role
from shared.domain.rights import OFFICIALS, granted
from shared.identity.references import References
from shared.throttle import Throttle

T = TypeVar("T")
WAIT_SECONDS = 2.0
"""How long a page waits for what its reader just did to be in the projection."""
MOVED_ON = (
    "illegal_move",
    "stale_round",
    "stale_words",
    "stale_draft",
    "stale_assignment",
    "stale_version",
    "stale_step",
    "stale_request",
)
"""Reasons of refusals that mean: somebody or something was faster."""
_CHOOSING = frozenset(granted("staff", "choose_ways"))
_SEARCHING = frozenset(granted("issue", "read")) & frozenset(OFFICIALS)
SHEETS = {
    "office": "office.css",
    "department": "department.css",
    "issue": "department.css",  # drafts and internal notes
    "operator": "operator.css",
    "mailbox": "mailbox.css",
    **dict.fromkeys(
        ("board", "documents", "figures", "instructions", "leader", "papers", "search", "talks"),
        "overview.css",
    ),
}
"""The style of its own that the pages of a desk have beside theme.css, by the folder of the template."""
FOR_ALL = frozenset(("/", "/sign-in", "/sign-out", "/view", "/column", links.PLACE))
"""What is nobody's in particular."""
BY_LINK = Menu("/", N_("By a private link"), "", "link")
"""In the bar on top, for who came by one."""
MOST_FILES = 10
MOST_FIELD_BYTES = 1_000_000


class SignInFirst(Exception):
    """Nobody is signed in, or not any more; the message is where to go on afterwards."""


class LinkOver(Exception):
    """The link by which somebody came is good no more."""


class LinkUnknown(Exception):
    """Nobody can say right now whether the link by which somebody came is still good."""


class TriedTooOften(Exception):
    """From this address too many links were tried that are not good; ``seconds``: how long nobody there may try."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class NotHere(Exception):
    """There is no such thing, or it is not for this person to read: the same page for both."""


class FormExpired(Exception):
    """The form was made for another browser, or for none."""


class TooLarge(Exception):
    """Somebody sent more than any form holds."""


class Projected(Protocol):
    """What pages need of the projection."""

    def reader(self) -> sqlite3.Connection:
        """A connection that only reads."""
        ...

    async def wait_for(self, subject: str, seen: Mapping[str, int], seconds: float) -> bool:
        """Return when what these sources told of the subject is in the rows, or the time is over: whether it is."""
        ...

    def listen(self, heard: Callable[[Changed], None]) -> Callable[[], object]:
        """Be told what each transaction changed; returns what ends that."""
        ...

    def not_ready(self) -> list[str]:
        """What is missing before pages can be shown."""
        ...

    def standing(self) -> Standing:
        """How old what pages read is."""
        ...

    async def namespaces(self) -> list[str]:
        """The live one, and every other that there is."""
        ...


class Portal(NamedTuple):
    """What every page is made with."""

    jurisdiction: str
    own: Own
    services: Services
    sending: Sending
    projection: Projected
    references: References
    templates: Templates
    menus: Mapping[Role, Menu]
    once: Once
    viewers: Viewers
    builds: Builds
    tries: Throttle
    """Counts links that are tried and not good, by where they come from."""
    mailbox: Mailbox | None = None
    """The embedded system's; None where mail goes to people."""
    clock: Callable[[], datetime] = times.now
    joining: Joining | None = None
    """What lets browsers of the network in; None where only this machine is listened to."""
    counties: tuple[str, ...] = ()
    """Those that are expected to hold a talk each week, in no rotation either."""
    watching: Watching | None = None
    """Prometheus, for the operator's page; None where none is named."""


class Page:
    """One request for one page; ``for_all``: a part of it is drawn for more people than this one."""

    def __init__(self, portal: Portal, request: Request, *, for_all: bool = False) -> None:
        self.portal, self.request, self._for_all = portal, request, for_all
        self.now = portal.clock()
        self.id = id_of(request)
        self.is_new = not self.id
        self.id = self.id or new_id()
        self.view: View = view_of(request)
        self.say = words_in(self.view.language).gettext
        self._made: dict[Hashable, Any] = {}
        self._may_ask = True
        """False where it is not known whether the link by which somebody came is still good."""
        self.is_shown = True
        """False where what was done is not in the rows yet, although it was waited for."""

    # ------------------------------------------------------------ who asks

    @cached_property
    def visitor(self) -> Visitor | None:
        """Who is signed in in this browser."""
        hashed = hash_of(self.id)
        kept = None if self.is_new else self.portal.own.session(hashed, self.now)
        return None if kept is None else Visitor(kept, hashed[:32])

    def person(self) -> Visitor:
        """Who is signed in; raises SignInFirst."""
        if self.visitor is None:
            raise SignInFirst(self.address if self.request.method == "GET" else self.request.url.path)
        return self.visitor

    async def check_link(self) -> None:
        """Who came by a link sees its issue alone, as long as the link is good; what they typed is kept.

        Raises NotHere, LinkOver, LinkUnknown.
        """
        if self.visitor is None or not (issue := self.visitor.issue):
            return
        path, home, portal = self.request.url.path, f"/issues/{issue}", self.portal
        if path in FOR_ALL or path.startswith(f"{links.PLACE}/"):
            return
        if path != home and not path.startswith(f"{home}/"):
            raise NotHere
        is_form = self.request.method == "POST"
        stands = await links.standing(portal.own, portal.services, self.id, self.view.language, self.now)
        if stands == "over":
            self.visitor = None
            if not is_form:
                raise LinkOver
        elif stands == "unknown":
            self._may_ask = False
            if not is_form:
                raise LinkUnknown

    @property
    def owner(self) -> str:
        """Under which name drafts are kept: the person's, or before a sign-in this browser's."""
        return self.visitor.owner if self.visitor else self.stranger

    @property
    def stranger(self) -> str:
        """The name of this browser where nobody is signed in."""
        return f"session:{hash_of(self.id)}"

    @property
    def searches(self) -> bool:
        """Whether there is a search for who asks: officials read more issues than a list of theirs shows."""
        return self.visitor is not None and self.visitor.role in _SEARCHING

    @property
    def chooses_ways(self) -> bool:
        """Whether who asks is an official, who may choose in which ways they are told that there is work."""
        return self.visitor is not None and self.visitor.role in _CHOOSING

    @property
    def joining(self) -> Joining | None:
        """What lets others on the network join, for who sits at this very machine; else None."""
        joining = self.portal.joining
        return joining if joining is not None and is_here(self.request.scope) else None

    @property
    def address(self) -> str:
        """This page within this site."""
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path

    # ---------------------------------------------------------------- reads

    @cached_property
    def reads(self) -> sqlite3.Connection:
        """The projection, for reading alone."""
        return self.portal.projection.reader()

    @property
    def at(self) -> int:
        """Now as the projection counts: milliseconds."""
        return int(self.now.timestamp() * 1000)

    @cached_property
    def times(self) -> Times:
        """Says dates in this page's language."""
        return Times(words_in(self.view.language), self.now, names.calendar(self.reads, self.at))

    @property
    def as_of(self) -> object:
        """What the times and names on a page rest on: the minute, and the directory and calendar in force."""
        return self.at // MINUTE_MS, names.in_force(self.reads, self.at)

    @cached_property
    def departments(self) -> dict[str, str]:
        """code -> name in this page's language."""
        return names.departments(self.reads, self.at, self.view.language)

    @cached_property
    def officials(self) -> dict[str, str]:
        """account -> name."""
        return {one.account: one.name for one in names.officials(self.reads, self.at)}

    def successor(self, code: str) -> str:
        """The department that has the work of this one by now: itself, unless it was merged."""
        return names.successor(self.reads, self.at, code)

    @cached_property
    def work(self) -> list[str]:
        """The departments whose work this person's own one has: itself, and those that were merged into it."""
        own = self.person().kept.department
        return names.work_of(self.reads, self.at, own) if own else []

    @cached_property
    def errands(self) -> list[Errand]:
        """What this person asked and is not sent yet, was just done, or was refused later."""
        return self.portal.sending.errands.of(self.visitor.owner, self.now) if self.visitor else []

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What more than one part of this page shows: asked for once."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    @cached_property
    def waiting(self) -> dict[str, str]:
        """Address -> how many things wait there, "" for none, of those pages of the bar where that is counted."""
        links = self.portal.menus[self.visitor.role].links if self.visitor else ()
        counted = {link.address: link.waiting(self) for link in links if link.waiting}
        return {
            where: f"{MOST_SAID}+" if many > MOST_SAID else str(many or "") for where, many in counted.items()
        }

    @cached_property
    def unread(self) -> Unread:
        """Marks what is new to this person."""
        return Unread(self.portal.own, self.owner, self.now, for_all=self._for_all)

    # --------------------------------------------------------------- answers

    def show(self, template: str, status: int = 200, **context: Any) -> HTMLResponse:
        """One page."""
        return HTMLResponse(self.draw(template, **context), status)

    def draw(self, template: str, **context: Any) -> str:
        """A page, or a part of one, as text."""
        menu = self.portal.menus.get(self.visitor.role) if self.visitor else None
        if self.visitor and self.visitor.issue:
            menu = BY_LINK
        shared = {
            "page": self,
            "menu": menu,
            "mark": mark_for(self.id),
            "place": self.portal.jurisdiction,
            "sheet": SHEETS.get(template.partition("/")[0], ""),
        }
        return self.portal.templates.render(self.view.language, template, shared | context)

    async def drawn_once(
        self,
        template: str,
        version: object,
        *key: Hashable,
        own: bool = False,
        context: Callable[[], Mapping[str, Any]],
    ) -> Markup:
        """A part that looks the same to all who see the same of it: drawn anew only where its ``version`` is another.

        ``key``, beside the template and the language: what was asked for, and what its readers may see. ``own``: it is
        another one for each reader, for it says what is new to them or theirs to do. ``context`` is asked only where
        it is drawn anew.
        """
        whose = (self.visitor.kept if self.visitor else self.stranger) if own else None

        async def draw() -> Markup:
            return Markup(self.draw(template, **context()))  # noqa: S704 - a template drew it

        return await self.portal.once.get((template, self.view.language, whose, *key), version, draw)

    def to(self, address: str) -> Response:
        """Go on to another page: what was sent is not sent again by a reload."""
        return RedirectResponse(address, 303)

    # ----------------------------------------------------------------- forms

    async def form(self) -> Sent:
        """As ``sent``, of somebody who is signed in: raises SignInFirst where nobody is any more, and what was typed is
        kept, and comes back after the sign-in.
        """
        sent = await self.sent()
        if self.visitor is None:
            self.keep(sent.form)
        self.person()
        return sent

    async def sent(self) -> Sent:
        """The form that was sent, which a page of ours made for this browser.

        Raises FormExpired where it is not of this browser, TooLarge where it is more than a form holds.
        """
        try:
            data = await self.request.form(
                max_files=MOST_FILES, max_fields=100, max_part_size=MOST_FIELD_BYTES
            )
        except (MultiPartException, HTTPException) as error:
            said = str(getattr(error, "detail", error))
            if said.startswith(("Too many", "Part exceeded", "Field exceeded")):
                raise TooLarge(said) from None
            raise
        sent = forms.read(data)
        if not is_marked(self.id, sent.mark):
            raise FormExpired
        return sent

    def draft(self) -> Form:
        """This page's form as far as it was filled in."""
        return Form(self.portal.own.draft(self.owner, self.request.url.path))

    def keep(self, form: Form) -> None:
        """Keep what was typed until it is sent."""
        self.portal.own.keep_draft(self.owner, self.request.url.path, form.kept(), self.now)

    def forget(self, path: str = "") -> None:
        """It was sent."""
        self.portal.own.drop_draft(self.owner, path or self.request.url.path)

    # ---------------------------------------------------------------- asking

    async def ask(
        self, service: str, path: str, body: Mapping[str, Any], *, key: str, subject: str = ""
    ) -> Answer:
        """Ask a service as this person; what was done is waited for, so that the next page shows it."""
        visitor, own = self.person(), self.portal.own
        if not self._may_ask:
            return NO_ANSWER
        answer = await self.portal.services.post(
            service,
            path,
            body,
            visitor=visitor,
            language=self.view.language,
            key=key,
            after=own.after(visitor.owner, subject) if subject else "",
        )
        seen, subject = str(answer.body.get("published") or ""), subject or str(answer.body.get("id", ""))
        if answer.kind == "done" and seen and subject:
            own.remember_after(visitor.owner, subject, seen, self.now)
            reached = await self.portal.projection.wait_for(subject, read_seen(seen), WAIT_SECONDS)
            self.is_shown = self.is_shown and reached
        return answer

    def became(self, answer: Answer, done: str) -> str:
        """What the next page is to say of what was taken: ``done``; or ``pending``, that it is still under way, where
        it is not done yet, or is done and not in the rows yet.
        """
        return done if answer.kind == "done" and self.is_shown else "pending"

    async def look(self, service: str, path: str) -> Answer:
        """Ask a service as this person for what the projection does not have."""
        language, visitor = self.view.language, self.person()
        if not self._may_ask:
            return NO_ANSWER
        return await self.portal.services.get(service, path, visitor=visitor, language=language)

    def explain(self, form: Form, answer: Answer, fields: Mapping[str, str] | None = None) -> int:
        """Say in the form why a service did not do it, or not yet, and return the status to answer.

        ``fields``: what a service names -> our field.
        """
        known = fields or {}
        if answer.kind == "away":
            form.wrong(
                forms.WHOLE,
                self.say(
                    "This cannot be done right now. What you wrote is kept: please send it again in a moment."
                ),
            )
            return 503
        if answer.kind == "pending":  # the same request once more is answered what became of it
            said = self.say(
                "It is under way, but not done yet. What you wrote is kept: send it again in a moment."
            )
            form.wrong(forms.WHOLE, said)
            return 202
        for field, rule in answer.errors.items():
            form.wrong(
                known.get(field, field if field in form.values else forms.WHOLE),
                self.say(rule) if rule in RULES else rule,
            )
        if answer.reason in MOVED_ON:
            said = self.say("It moved on meanwhile, so this was not done. Open it to see where it stands.")
            form.wrong(forms.WHOLE, said)
        elif not answer.errors:
            form.wrong(known.get(answer.reason, forms.WHOLE), answer.title)
        form.renew()
        return 422


async def page_of(request: Request) -> Page:
    """The dependency of every route: the page that is asked for; raises what ``check_link`` does."""
    page = page_in(request)
    await page.check_link()
    return page


def page_in(request: Request) -> Page:
    """The page that is asked for, whoever may see it."""
    page: Page = request.state.page
    page.request = request  # the one that can read the body
    return page


def local(address: str) -> str:
    """An address within this site; "" for any other, and for what a browser could read as one."""
    parts = urlsplit(address)
    fine = (
        address.startswith("/")
        and not address.startswith(("//", "/\\"))
        and not parts.scheme
        and not parts.netloc
    )
    return address if fine and "\\" not in address and address.isprintable() else ""


def sign_in_address(onward: str) -> str:
    """Where somebody signs in, to go on to ``onward``."""
    return f"/sign-in?next={quote(onward)}" if onward not in ("", "/") else "/sign-in"
