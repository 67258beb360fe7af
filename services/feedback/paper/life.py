"""The life of a paper as tables, and the little that is remembered of it: what it says stands on its events alone."""

from datetime import date
from enum import StrEnum

from shared.contract.words import OpenMeeting
from shared.domain.aggregates import AggregateState
from shared.domain.decisions import Moves
from shared.domain.fan_out import AsksMany

NOTHING = "nothing"
"""The state of what was never published."""


class State(StrEnum):
    """Whether the meeting for which it is made has heard its newest edition."""

    PUBLISHED = "published"
    HEARD = "heard"


MOVES: Moves = {
    **{(state, "publish"): State.PUBLISHED for state in (NOTHING, State.PUBLISHED, State.HEARD)},
    (State.PUBLISHED, "record_meeting"): State.HEARD,
}
"""What may be asked: another edition stands in the place of the one before it."""

ANYTIME = ("confirm",)
"""What its issues answer, in every state."""

TIMERS: dict[str, str] = {
    State.PUBLISHED: "an issue that has not answered is told again",
    State.HEARD: "an issue that has not answered is told again",
}


class News(AggregateState):
    """What one issue is told and has not answered yet."""

    news: str
    """By which it answers."""
    issue: str
    edition: int
    words: str
    by: str
    number: int = 0
    """Of a decision; 0 of a typical case."""
    meeting: OpenMeeting = ""
    due_on: date | None = None
    leader: str = ""


class Paper(AsksMany):
    """One paper: which edition is the newest, when that was published, and what its issues are being told."""

    state: State
    edition: int
    published_on: date
    """Of the newest edition (Asia/Shanghai)."""
    tellings: int = 0
    """How often its issues had something to be told."""
    telling: tuple[News, ...] = ()
    """Of those in the fan-out, in its order."""


def finished(paper: Paper) -> bool:
    """Whether each of its issues has answered."""
    return paper.fan_out is None
