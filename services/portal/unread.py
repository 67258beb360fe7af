"""What changed since somebody last looked at an issue: such rows of a list are marked, and bold.

What was drawn for many readers at once has a place for each mark, which is filled in for each of them.
"""

import re
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from markupsafe import Markup

from services.portal.own import OPENED_LIFE, Own

UNREAD = Markup(" unread")
"""The class of such a row."""
READ = Markup("")
_PLACE = re.compile("\ue000([^.\ue000\ue001<>]{1,40})\\.([0-9]{1,15})\ue001")


class Unread:
    """The marks of one person as of ``now``; ``for_all``: each is left open."""

    def __init__(self, own: Own, owner: str, now: datetime, *, for_all: bool) -> None:
        self._own, self._owner, self._for_all = own, owner, for_all
        self._marks: dict[tuple[str, int], Markup] = {}
        self._oldest = int((now - OPENED_LIFE).timestamp() * 1000)

    def __call__(self, row: sqlite3.Row) -> Markup:
        """The class `` unread``, or nothing: whether this issue (``id``, ``moved_at``) has moved since this person had
        its page open."""
        id, moved_at = str(row["id"]), int(row["moved_at"] or 0)
        if self._for_all:
            return Markup("\ue000{}.{}\ue001").format(id, moved_at)
        if (id, moved_at) not in self._marks:
            self.ahead([row])
        return self._marks[id, moved_at]

    def ahead(self, rows: Iterable[sqlite3.Row]) -> None:
        """Look up all the issues of a list at once."""
        moved = {str(row["id"]): int(row["moved_at"] or 0) for row in rows}
        unread = self._of(moved)
        self._marks |= {known: UNREAD if known[0] in unread else READ for known in moved.items()}

    def fill_in(self, html: str) -> str:
        """What was drawn for all, with the marks of this person."""
        unread = self._of({id: int(moved_at) for id, moved_at in _PLACE.findall(html)})
        return _PLACE.sub(lambda found: UNREAD if found[1] in unread else READ, html)

    def opened(self, row: sqlite3.Row) -> None:
        """This person has the page of this issue open, as it is now."""
        self._own.opened(self._owner, str(row["id"]), int(row["moved_at"] or 0))

    def _of(self, rows: Mapping[str, int]) -> set[str]:
        """Of these issues, each with when it moved last, those that this person has not had open since."""
        opened = self._own.opened_at(self._owner, list(rows))
        since = max(opened.get("", 0), self._oldest)
        return {id for id, moved_at in rows.items() if moved_at > max(since, opened.get(id, 0))}
