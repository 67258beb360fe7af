"""The online column (线上专栏): a public page without a sign-in; what is to come, and what came of what was held.

Counts, below five no share, and the replies that the office has disclosed, in the words in which it did. Drawn once a
minute for all who look, and anew when a reply becomes public or is taken back: nothing of it is anybody's own.
"""

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.talks.about import Row, calls
from services.portal.figures.counting import FEWEST
from services.portal.pages import Page, page_of
from services.portal.queries import disclosures, talks
from services.portal.queries.talks import Numbers
from services.portal.times import MINUTE_MS

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = "/column"
MOST_COMING, MOST_PAST, MOST_REPLIES, MOST_OTHERS = 20, 8, 3, 10


class Past(NamedTuple):
    """A talk that was held, and what came of it."""

    talk: Row
    numbers: Numbers
    replies: list[Row]


@router.get(PATH)
async def show(page: Asked) -> Response:
    """For everybody."""
    opens = _has_talks(page)

    version = page.at // MINUTE_MS, disclosures.version(page.reads)
    drawn = await page.drawn_once(
        "talks/came_of.html", version, opens, context=lambda: _came_of(page, opens=opens)
    )
    return page.show("talks/column.html", drawn=drawn, **calls(page))


def _came_of(page: Page, *, opens: bool) -> dict[str, Any]:
    """What the column shows: asked for only where it is drawn anew."""
    held = talks.past(page.reads, MOST_PAST)
    past = [
        Past(
            talk,
            talks.numbers(page.reads, [talk["id"]], page.at),
            disclosures.of_talk(page.reads, talk["id"], MOST_REPLIES),
        )
        for talk in held
    ]
    return {
        "opens": opens,
        "coming": talks.coming(page.reads, page.at, MOST_COMING),
        "past": past,
        "others": disclosures.newest(page.reads, [talk["id"] for talk in held], MOST_OTHERS),
        "fewest": FEWEST,
        **calls(page),
    }


def _has_talks(page: Page) -> bool:
    """Whether who looks can open a talk: who is nobody in particular, and whose bar leads to them."""
    visitor = page.visitor
    if visitor is None or visitor.issue:
        return True
    return any(link.address == "/talks" for link in page.portal.menus[visitor.role].links)
