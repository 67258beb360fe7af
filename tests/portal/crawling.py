"""Every page of every role, found by following its links, and every form on them, filled in as a person might.

A page or a form that is added later is found by itself: tests of what all of them must stand rest on this.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any, NamedTuple

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute

from services.portal.own import Kept
from services.portal.session import COOKIE, hash_of, new_id
from shared.contract.words import Role
from tests.keys import REFERENCES
from tests.portal.given import ISSUE, Browser, Given

MOST_PAGES = 250
PUBLIC = "/column"
"""For everybody, and no menu leads there once one is signed in."""
SPECIAL = re.compile(r"^/(static|view|sign-in|sign-out|health|metrics|api)|/files/|/live$|/stream$")
"""Addresses that are no pages of a role."""
FREE = ("text", "search", "textarea", "email", "tel", "number", "")
PEOPLE: Mapping[Role, tuple[str, str]] = {
    Role.ENTREPRENEUR: ("wu", ""),
    Role.HANDLER: ("li", "housing"),
    Role.DEPARTMENT_LEADER: ("zhou", "housing"),
    Role.OFFICE: ("chen", ""),
    Role.SUPERVISOR: ("shen", ""),
    Role.LEADER: ("sun", ""),
    Role.FEDERATION: ("feng", ""),
    Role.CLERK: ("lu", ""),
    Role.OPERATOR: ("yan", ""),
}


class Form(NamedTuple):
    """A form of a page: where it goes, what stands in it, what one types, what one chooses, which buttons it has."""

    action: str
    method: str
    fixed: dict[str, str]
    typed: tuple[str, ...]
    chosen: dict[str, list[str]]
    buttons: tuple[str, ...]
    many: bool

    def filled(self, text: str, button: int = 0) -> dict[str, str]:
        """Its fields with this text wherever one types, and the first of whatever one chooses."""
        values = {**self.fixed, **dict.fromkeys(self.typed, text)}
        values |= {name: next((one for one in options if one), "") for name, options in self.chosen.items()}
        return values | ({"do": self.buttons[button % len(self.buttons)]} if self.buttons else {})


class Document(HTMLParser):
    """What a browser makes of a page: its tags with their attributes, links, forms, and what stands after each tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self._form: dict[str, Any] | None = None
        self._select = ""
        self.feed(html)

    @property
    def links(self) -> list[str]:
        """Where one can go from here."""
        return [found["href"].split("#")[0] for tag, found in self.tags if tag == "a" and "href" in found]

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Keep the tag; within a form its fields."""
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "form":
            self._form = {"fixed": {}, "typed": [], "chosen": {}, "buttons": [], "of": given}
        elif self._form is not None:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        name, kind = given.get("name", ""), given.get("type", "")
        if tag == "option" and self._select:
            self._form["chosen"].setdefault(self._select, []).append(given.get("value", ""))
        elif tag == "select":
            self._select = name
        elif not name:
            return
        elif tag == "button":
            self._form["buttons"].append(given.get("value", ""))
        elif tag == "textarea" or (tag == "input" and kind in FREE):
            self._form["typed"].append(name)
        elif tag == "input" and kind == "hidden":
            self._form["fixed"][name] = given.get("value", "")
        elif tag == "input" and kind in ("radio", "date"):
            self._form["chosen"].setdefault(name, []).append(given.get("value", "") or "2026-04-01")

    def handle_data(self, data: str) -> None:
        """Keep what is said."""
        if said := data.strip():
            self.texts.append((self.tags[-1][0] if self.tags else "", said))

    def handle_endtag(self, tag: str) -> None:
        """End a form."""
        if tag == "select":
            self._select = ""
        elif tag == "form" and self._form is not None:
            made, of = self._form, self._form["of"]
            self._form = None
            many = of.get("enctype", "").startswith("multipart")
            action, method = of.get("action", ""), of.get("method", "get").lower()
            fields = made["fixed"], tuple(made["typed"]), made["chosen"], tuple(made["buttons"])
            self.forms.append(Form(action, method, *fields, many))


@lru_cache(maxsize=2)
def read(html: str) -> Document:
    """The same page is asked for its links, its tags and its forms: it is read once."""
    return Document(html)


class Found(NamedTuple):
    """One page, and who sees it."""

    role: Role
    path: str
    html: str

    @property
    def document(self) -> Document:
        """As a browser reads it."""
        return read(self.html)

    def forms(self) -> Iterator[Form]:
        """Those that send something, but for the one by which one leaves."""
        for form in self.document.forms:
            if form.method == "post" and form.action not in ("/sign-out", "/sign-in"):
                yield form


def signed_in(given: Given, role: Role) -> Browser:
    """The browser of somebody in this role."""
    account, department = PEOPLE.get(role, ("he", ""))
    person = REFERENCES.person(account) if role is Role.ENTREPRENEUR else ""
    browser, id = given.browser(), new_id()
    given.own.sign_in(hash_of(id), Kept(account, role, department, account, person), given.now)
    browser.client.cookies.set(COOKIE, id, domain="127.0.0.1")
    return browser


async def pages(given: Given, role: Role, browser: Browser | None = None) -> AsyncIterator[Found]:
    """Every page that somebody in this role comes to by clicking, from its first one on.

    Of those that differ in the values of their filters alone the first: weeks and months go on for ever.
    """
    browser = browser or signed_in(given, role)
    menu = given.portal.menus[role]
    waiting, known = [menu.home, *(link.address for link in menu.links), PUBLIC], set[tuple[str, ...]]()
    while waiting:
        path = waiting.pop(0)
        place, _, query = path.partition("?")
        kind = place, *sorted(part.partition("=")[0] for part in query.split("&"))
        if kind in known or not path.startswith("/") or SPECIAL.search(place):
            continue
        known.add(kind)
        assert len(known) <= MOST_PAGES, (
            f"{role} has more pages than are looked at; the last ones: {waiting[:20]}"
        )
        answer = await browser.client.get(path, follow_redirects=True)
        if answer.headers.get("content-type", "").startswith("text/html"):
            yield Found(role, path, answer.text)
            waiting += read(answer.text).links


async def send(browser: Browser, form: Form, fields: Mapping[str, str], **how: Any) -> httpx.Response:
    """Send a form as a browser does."""
    files = {"files": ("", b"", "application/octet-stream")} if form.many else None
    how = {"follow_redirects": True, **how}
    return await browser.client.post(form.action, data=dict(fields), files=files, **how)


async def mark_of(browser: Browser) -> str:
    """A mark that the portal made for this browser."""
    answer = await browser.client.get("/sign-in")
    return re.findall(r'name="mark" value="(\w+)"', answer.text)[0]


def routes(app: FastAPI, method: str) -> list[str]:
    """Every address that answers to this method, its holes filled in; but for those of programs."""
    paths = (
        re.sub(r"\{(\w+)(:\w+)?\}", lambda hole: FILLED.get(hole[1], "1"), path)
        for path, methods in _flat(app.routes)
        if method in methods
    )
    found = sorted({path for path in paths if not re.match(r"/(health|metrics|static)", path)})
    assert len(found) > 5, "the routes of the portal are not where they were"
    return found


def _flat(found: Sequence[Any], prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    """The routes of an application and of the routers that were included in it."""
    for one in found:
        if isinstance(one, APIRoute):
            yield f"{prefix}{one.path}", set(one.methods)
        elif hasattr(one, "original_router"):
            yield from _flat(one.original_router.routes, prefix + one.include_context.prefix)


FILLED = {"id": ISSUE, "service": "dispatch", "topic": "intake.events", "subject": ISSUE, "hash": "b" * 64}
"""What stands in the place of a part of an address."""
