"""Drafts of one issue with their words, which dispatch alone has and shows to whom the rights allow."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from services.portal.pages import Page
from services.portal.queries import handling
from services.portal.reading import Known
from services.portal.times import instant


class Draft(NamedTuple):
    """One draft: its words, and what became of it as far as the projection says."""

    number: int
    sha256: str
    outcome: str
    text: str
    promised_on: date | None
    assignment: str
    by: str
    drafted_at: datetime | None = None
    signed_off_by: str = ""
    signed_off_at: datetime | None = None
    sent_back_by: str = ""
    sent_back_at: datetime | None = None
    sent_back_reason: str = ""
    released_at: datetime | None = None
    answer: str = ""
    """What its leader answered to the co-handlers who object."""

    @property
    def is_open(self) -> bool:
        """Whether it is under way: neither sent back nor out."""
        return not self.sent_back_reason and self.released_at is None


class Drafts(NamedTuple):
    """All drafts of an issue that its reader may see, the newest first, and what else dispatch alone knows.

    ``at_hand`` is false where dispatch does not answer.
    """

    all: tuple[Draft, ...] = ()
    return_until: datetime | None = None
    is_kept: bool = False
    at_hand: bool = True

    @property
    def current(self) -> Draft | None:
        """The one to sign off, to check or to release."""
        return self.all[0] if self.all and self.all[0].is_open else None

    @property
    def sent_back(self) -> Draft | None:
        """The newest one, where it came back to its handler."""
        return self.all[0] if self.all and self.all[0].sent_back_reason else None


async def drafts_of(page: Page, about: Known) -> Drafts:
    """What dispatch shows of one issue to who asks."""
    answer = await page.look("dispatch", f"/issues/{about.id}")
    if answer.kind != "done":
        return Drafts(at_hand=False)
    return Drafts(
        tuple(_read(page, about, answer.body)),
        _instant(answer.body.get("return_until")),
        bool(answer.body.get("kept")),
    )


def _read(page: Page, about: Known, body: Mapping[str, Any]) -> Iterator[Draft]:
    """What dispatch has of each draft, joined with what was told of it."""
    known = handling.drafts(page.reads, about.id)
    for one in reversed(body.get("drafts") or ()):
        row = known.get(one["number"])
        by, when = _columns(row, page.officials)
        promised_on = one.get("promised_on")
        yield Draft(
            one["number"],
            one["sha256"],
            one["outcome"],
            one["text"],
            date.fromisoformat(promised_on) if promised_on else None,
            one.get("assignment") or "",
            by.get("drafted", "") or _name(one.get("drafted_by"), page.officials),
            when.get("drafted"),
            by.get("signed_off", ""),
            when.get("signed_off"),
            by.get("sent_back", "") if one.get("sent_back_reason") else "",
            when.get("sent_back") if one.get("sent_back_reason") else None,
            one.get("sent_back_reason") or "",
            when.get("released"),
            one.get("answer") or "",
        )


def _columns(row: Any, officials: Mapping[str, str]) -> tuple[dict[str, str], dict[str, datetime | None]]:
    """By whom and when each step was taken; nothing where no event of the draft is known yet."""
    if row is None:
        return {}, {}
    steps = ("drafted", "signed_off", "sent_back", "released")
    by = {step: _name(row[f"{step}_by"], officials) for step in steps}
    return by, {step: instant(row[f"{step}_at"]) if row[f"{step}_at"] else None for step in steps}


def _name(principal: str | None, officials: Mapping[str, str]) -> str:
    account = account_of(principal)
    return officials.get(account, account)


def account_of(principal: str | None) -> str:
    """The account that ``handler:housing/li``, ``housing/li`` or ``li`` names."""
    return (principal or "").rpartition("/")[2].rpartition(":")[2]


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
