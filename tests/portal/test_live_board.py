"""A board that is open shows each warning, step and lamp as it comes, and each lift."""

import asyncio
import re
from datetime import timedelta

import pytest
from fastapi.responses import StreamingResponse

from services.portal.desks.board.pages import show
from tests.portal.given import Given, stamp
from tests.portal.test_board import LATE, LATER, town
from tests.portal.test_lamps import lit
from tests.portal.test_live_lists import Somebody, following, waits

STEPS = {1: "催办", 2: "督办", 3: "黄灯", 4: "红灯", 5: "通报", 6: "列入监督事项清单"}


class Watching(Somebody):
    """A supervisor whose board is open."""

    async def opens(self) -> None:
        """The board, and what it shows at first."""
        answer = await show(self.page("live="))
        assert isinstance(answer, StreamingResponse)
        self._messages = answer.body_iterator.__aiter__()
        self.shown = (await following(self._messages)).data
        self._next: asyncio.Task[object] | None = None

    async def waits(self) -> None:
        """Nothing comes as long as nothing happens."""
        self._next = await waits(self._messages)  # type: ignore[assignment]

    async def sees(self, id: str) -> str:
        """What stands in the row of an issue in the message that comes now."""
        assert self._next is not None
        self.shown = (await self._next).data  # type: ignore[attr-defined]
        row = re.search(rf'id="row-{id}".*?</tr>', self.shown, re.DOTALL)
        return "" if row is None else re.sub(r"<[^>]*>", " ", row[0])


async def test_every_step_comes_to_an_open_board_and_so_does_its_lift(given: Given) -> None:
    town(given)
    board = Watching(given)
    await board.opens()
    for step, name in STEPS.items():
        await board.waits()
        lit(given, LATE, step)
        assert name in await board.sees(LATE)
    await board.waits()
    given.shown.tell("supervision", "ladder.lifted.v1", {"step": 6, "to": 2, "because": "annulled"}, LATE)
    row = await board.sees(LATE)
    assert STEPS[2] in row and STEPS[6] not in row
    await board.waits()
    lifted = {"step": 2, "to": 0, "because": "person", "reason": "已整改", "by": "gu"}
    given.shown.tell("supervision", "ladder.lifted.v1", lifted, LATE)
    row = await board.sees(LATE)
    assert row and not any(name in row.replace("答复", "") for name in ("督办", "黄灯", "红灯", "通报"))


@pytest.mark.parametrize(
    ("what", "said"),
    [("clock.warned.v1", "已预警"), ("clock.breached.v1", "已记逾期"), ("clock.stopped.v1", "")],
)
async def test_a_warning_a_breach_and_a_stop_come_to_an_open_board(
    given: Given, what: str, said: str
) -> None:
    town(given)
    due = stamp(given.now + timedelta(days=9))
    data = {"clock": "promise", "round": 1, "due_at": due, "threshold": "70%", "late_seconds": 1.0}
    data |= {"stopped_at": stamp(given.now), "breached": False}
    fields = {
        "clock.warned.v1": "clock round due_at threshold",
        "clock.breached.v1": "clock round due_at late_seconds",
    }
    names = fields.get(what, "clock round stopped_at breached").split()
    board = Watching(given)
    await board.opens()
    await board.waits()
    given.shown.tell("supervision", what, {name: data[name] for name in names}, LATER)
    row = await board.sees(LATER)
    assert said in row and bool(row) == bool(said)
