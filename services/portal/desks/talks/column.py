"""The online column (线上专栏): a public page without a sign-in; what is to come, and what came of what was held.

Counts, below five no share, and the replies that the office has disclosed, in the words in which it did. Found once a
minute for all who look, and anew when a reply becomes public or is taken back.
"""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.talks.about import Row, calls
from services.portal.figures.counting import FEWEST
from services.portal.pages import Page, page_of
from services.portal.queries import disclosures, talks
from services.portal.queries.talks import Numbers

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
    version = page.at // 60_000, disclosures.version(page.reads)

    async def find() -> tuple[list[Row], list[Past], list[Row]]:
        held = talks.past(page.reads, MOST_PAST)
        past = [
            Past(
                talk,
                talks.numbers(page.reads, [talk["id"]], page.at),
                disclosures.of_talk(page.reads, talk["id"], MOST_REPLIES),
            )
            for talk in held
        ]
        others = disclosures.newest(page.reads, [talk["id"] for talk in held], MOST_OTHERS)
        return talks.coming(page.reads, page.at, MOST_COMING), past, others

    coming, past, others = await page.portal.once.get(("column",), version, find)
    return page.show(
        "talks/column.html", coming=coming, past=past, others=others, fewest=FEWEST, **calls(page)
    )
