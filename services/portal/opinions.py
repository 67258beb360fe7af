"""What co-handlers say of an issue, with their words, which dispatch alone has and shows to whom the rights allow."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from services.portal.pages import Page
from services.portal.queries import co_handlers
from services.portal.queries.selecting import Row
from services.portal.reading import Known, ladder_of
from shared.contract.words import ClockName


class Opinion(NamedTuple):
    """One co-handler as a page shows it; instants in milliseconds. ``agrees`` is None as long as it is waited for."""

    id: str
    department: str
    wanted: str
    due_at: int | None
    is_late: bool
    round: int
    agrees: bool | None
    heard_at: int | None
    by: str
    words: str
    answer: str
    """What was answered to it, where it objects and the lead's leader has signed off."""

    @property
    def objects(self) -> bool:
        """Whether somebody has to answer it."""
        return self.agrees is False


async def opinions_of(page: Page, about: Known) -> list[Opinion]:
    """Who is waited for and who was heard, the newest round first; none for who may not read them."""
    rows = parts_of(page, about)
    if not rows or not about.sight.opinions:
        return []
    said: Mapping[str, Any] = {}
    if any(row["heard_at"] is not None for row in rows):
        answer = await page.look("dispatch", f"/issues/{about.id}")
        said = {one["assignment"]: one for one in answer.body.get("co_handlers") or ()}
    return [_opinion(row, said.get(row["id"], {}), page.officials) for row in rows]


def parts_of(page: Page, about: Known) -> list[Row]:
    """The co-handlers of an issue, without their words."""
    return page.once(("co_handlers", about.id), lambda: co_handlers.of_issue(page.reads, about.id))


def of_this_round(found: Sequence[Opinion], about: Known) -> list[Opinion]:
    """Those that whoever drafts, signs and checks has to read."""
    return [one for one in found if one.round > (about.issue["replied_round"] or 0)]


def waited_for(page: Page, about: Known, department: str = "") -> list[Row]:
    """Whose opinion is waited for; of one department, where it is named."""
    return [
        row
        for row in parts_of(page, about)
        if row["heard_at"] is None and department in ("", row["department"])
    ]


def clocks_of(page: Page, about: Known) -> list[Row]:
    """The clocks that run, as this reader has them: of co-handlers' only their own."""
    department = page.person().kept.department
    return [
        clock
        for clock in ladder_of(page, about.issue).clocks
        if clock["clock"] != ClockName.CO_HANDLER or (department and clock["department"] == department)
    ]


def _opinion(row: Row, said: Mapping[str, Any], officials: Mapping[str, str]) -> Opinion:
    account = str(row["heard_by"] or "").rpartition("/")[2]
    return Opinion(
        row["id"],
        row["department"],
        row["wanted"] or "",
        row["runs_until"],
        row["breached_at"] is not None,
        row["round"] or 1,
        None if row["heard_at"] is None else bool(row["agrees"]),
        row["heard_at"],
        officials.get(account, account),
        said.get("words") or "",
        said.get("answer") or "",
    )
