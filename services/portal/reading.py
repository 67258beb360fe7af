"""One issue as one person may see it, and its words: from the projection, or before acceptance from intake itself."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

from services.portal.pages import NotHere, Page
from services.portal.queries import issues
from services.portal.queries.ladder import Ladder
from services.portal.sight import Sight, sight_of


class Known(NamedTuple):
    """One issue and what this person sees of it."""

    issue: sqlite3.Row
    sight: Sight

    @property
    def id(self) -> str:
        """The issue's id."""
        return str(self.issue["id"])


class Words(NamedTuple):
    """What was said: the first words, and beside them the newest correction. ``at_hand`` is false where intake, which
    alone has them before acceptance, does not answer."""

    title: str = ""
    text: str = ""
    corrected_title: str = ""
    corrected_text: str = ""
    at_hand: bool = True
    supplied: Mapping[int, str] = MappingProxyType({})
    """By the number of the question, what was answered to the office, as long as intake alone has it."""

    @property
    def newest_title(self) -> str:
        """The title as it stands now."""
        return self.corrected_title or self.title

    @property
    def newest_text(self) -> str:
        """The text as it stands now."""
        return self.corrected_text or self.text


def known(page: Page, id: str) -> Known:
    """An issue that this person may read; raises NotHere, whether there is none or it is not theirs to read."""
    issue = issues.issue(page.reads, id)
    if (
        issue is None
        or issue["registered_at"] is None
        or (sight := sight_of(page.person(), issue, page.portal.references, page.successor)) is None
    ):
        raise NotHere
    return Known(issue, sight)


def ladder_of(page: Page, issue: sqlite3.Row) -> Ladder:
    """The clocks of an issue and what they lead to, for all parts of one page."""
    return page.once(("ladder", issue["id"]), lambda: Ladder(page.reads, issue, page.now))


async def words_of(page: Page, issue: sqlite3.Row) -> Words:
    """Title and text of an issue whose words this person may read."""
    if issue["title"] is not None:
        return _accepted(issue)
    answer = await page.look("intake", f"/issues/{issue['id']}")
    return _said(answer.body) if answer.kind == "done" else Words(at_hand=False)


async def words_of_all(page: Page, listed: Sequence[sqlite3.Row]) -> list[Words]:
    """The words of a page's issues: those that are not accepted yet in one question."""
    asked = [row["id"] for row in listed if row["title"] is None]
    said: dict[str, Words] = {}
    if asked:
        answer = await page.look("intake", f"/reading/issues?{urlencode({'id': asked}, doseq=True)}")
        found = answer.body.get("found", []) if answer.kind == "done" else []
        said = {one["id"]: _said(one) for one in found}
    return [
        said.get(row["id"], Words(at_hand=False)) if row["title"] is None else _accepted(row)
        for row in listed
    ]


def _accepted(issue: sqlite3.Row) -> Words:
    return Words(issue["title"], issue["text"], issue["corrected_title"] or "", issue["corrected_text"] or "")


def _said(body: Mapping[str, Any]) -> Words:
    if "title" not in body:
        return Words(at_hand=False)
    newest = (body.get("corrected_words") or [{}])[-1]
    supplied = {one["request"]: one["text"] for one in body.get("supplied") or ()}
    corrected = (newest.get("title", ""), newest.get("text", ""))
    return Words(body["title"], body["text"], *corrected, supplied=supplied)


def files_of(issue: sqlite3.Row) -> list[dict[str, Any]]:
    """What was handed in with it: hash, kind and size of each file."""
    return list(json.loads(issue["attachments"] or "[]"))
