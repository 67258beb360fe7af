"""The opening page of a Wednesday (周三开场页), for a large screen: a leader's last round, then today's people."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.talks.about import PATH, Row, calls, known, leaders_of, official
from services.portal.figures.counting import FEWEST
from services.portal.pages import Page, page_of
from services.portal.queries import talks
from services.portal.queries.talks import Numbers

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


class Last(NamedTuple):
    """A leader's last round: the talk and what came of it; promises broken are those answered late, or overdue now."""

    leader: dict[str, str]
    talk: Row
    numbers: Numbers

    @property
    def done(self) -> int:
        """How many were answered in time."""
        return self.numbers.answered[0]

    @property
    def broken(self) -> int:
        """How many were not."""
        return self.numbers.answered[1] - self.numbers.answered[0]


@router.get(f"{PATH}/{{id}}/opening")
async def show(id: str, page: Asked) -> Response:
    """Everything on one screen."""
    official(page)
    talk = known(page, id)
    last, seen, leaders = list[Last](), set[str](), leaders_of(talk)
    for leader in leaders:
        before = talks.last_round(page.reads, leader["account"], talk["starts_at"])
        if before is not None and before["id"] not in seen:
            seen.add(before["id"])
            last.append(Last(leader, before, talks.numbers(page.reads, [before["id"]], page.at)))
    return page.show(
        "talks/opening.html",
        talk=talk,
        last=last,
        is_led=bool(leaders),
        participants=talks.participants(page.reads, id),
        fewest=FEWEST,
        **calls(page),
    )
