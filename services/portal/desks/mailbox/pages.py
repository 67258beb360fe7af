"""The mailbox of the embedded system: the mails that notices became, and one of them. All people in it are invented."""

import re
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.mailbox import A_PAGE, Mailbox
from services.portal.pages import NotHere, Page, page_of

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
_LINK = re.compile(r"https?://\S+/issues/[0-9A-Za-z]+")


class Line(NamedTuple):
    """One line of a mail; ``issue``: where a link in it leads within this site."""

    text: str
    issue: str = ""


@router.get("/mailbox")
async def mails(page: Asked, before: str = "") -> Response:
    """Every mail that was sent, the newest first."""
    mailbox = _mailbox(page)
    found = mailbox.newest(before)
    more = found[-1].name if len(found) == A_PAGE else ""
    return page.show("mailbox/mails.html", mails=found, count=mailbox.count(), more=more, before=before)


@router.get("/mailbox/{name}")
async def mail(name: str, page: Asked) -> Response:
    """One of them, as whoever got it reads it."""
    found = _mailbox(page).one(name)
    if found is None:
        raise NotHere
    return page.show("mailbox/mail.html", mail=found, lines=[_line(text) for text in found.text.splitlines()])


def _mailbox(page: Page) -> Mailbox:
    """The mailbox, for whoever is signed in; raises NotHere where mail goes to people."""
    if page.portal.mailbox is None:
        raise NotHere
    page.person()
    return page.portal.mailbox


def _line(text: str) -> Line:
    """A link to an issue stays within this site, whatever address the portal had when the mail was written."""
    link = _LINK.search(text)
    return Line(text) if link is None else Line(text, f"/issues/{link.group().rpartition('/')[2]}")
