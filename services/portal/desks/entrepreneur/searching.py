"""The search among one's own issues, whatever was said or answered in them; nobody else's are looked at."""

import sqlite3
from typing import NamedTuple

from fastapi.responses import Response
from markupsafe import Markup

from services.portal.desks.search.hits import Marker
from services.portal.pages import Page
from services.portal.queries import own_issues, search
from services.portal.queries.worklists import PAGE
from services.portal.reading import Words, words_of_all

MOST_TYPED = 100


class Hit(NamedTuple):
    """One issue that was found: its title and a line of its words or of a reply, in which what was typed is marked."""

    issue: sqlite3.Row
    title: Markup
    line: Markup | None
    is_reply: bool


async def found(page: Page, typed: str) -> Response:
    """Issues of one's own, the newest on top: by number, by what was said, and by what was replied."""
    typed, person = " ".join(typed.split())[:MOST_TYPED], page.person().kept.person
    rows = own_issues.all_of_person(page.reads, person, page.portal.references, page.at)
    sealed = [row for row in rows if row["title"] is None][:PAGE]  # intake alone has their words
    read = dict(zip([row["id"] for row in sealed], await words_of_all(page, sealed), strict=True))
    marker, number = Marker(typed), search.number_of(typed)
    hits = [hit for row in rows if (hit := _hit(page, row, read.get(row["id"]), marker, number))]
    page.unread.ahead(hit.issue for hit in hits[:PAGE])
    is_whole = all(words.at_hand for words in read.values())
    return page.show(
        "entrepreneur/found.html", hits=hits[:PAGE], many=len(hits), is_whole=is_whole, typed=typed
    )


def _hit(page: Page, row: sqlite3.Row, words: Words | None, marker: Marker, number: str) -> Hit | None:
    said = words or Words(
        row["title"] or "", row["text"] or "", row["corrected_title"] or "", row["corrected_text"] or ""
    )
    own = [said.newest_title, said.newest_text, said.title, said.text]
    replies = search.replies(page.reads, row["id"])
    is_named = bool(number) and row["id"].startswith(number)
    if not is_named and not marker.fits("\n".join([*own, *replies])):
        return None
    line = marker.line(own[1::2])
    reply = None if line or marker.line(own[::2]) else marker.line(replies)
    return Hit(row, marker.marked(said.newest_title or row["number"]), line or reply, reply is not None)
