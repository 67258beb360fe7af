"""One issue as one person may see it, and its words: from the projection, or before acceptance from intake itself."""

import json
import sqlite3
from typing import Any, NamedTuple

from services.portal.pages import NotHere, Page
from services.portal.queries import issues
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
    if issue is None or (sight := sight_of(page.person(), issue, page.portal.references)) is None:
        raise NotHere
    return Known(issue, sight)


async def words_of(page: Page, issue: sqlite3.Row) -> Words:
    """Title and text of an issue whose words this person may read."""
    if issue["title"] is not None:
        return Words(
            issue["title"], issue["text"], issue["corrected_title"] or "", issue["corrected_text"] or ""
        )
    answer = await page.look("intake", f"/issues/{issue['id']}")
    if answer.kind != "done" or "title" not in answer.body:
        return Words(at_hand=False)
    said: dict[str, Any] = dict(answer.body)
    newest = (said.get("corrected_words") or [{}])[-1]
    return Words(said["title"], said["text"], newest.get("title", ""), newest.get("text", ""))


def files_of(issue: sqlite3.Row) -> list[dict[str, Any]]:
    """What was handed in with it: hash, kind and size of each file."""
    return list(json.loads(issue["attachments"] or "[]"))
