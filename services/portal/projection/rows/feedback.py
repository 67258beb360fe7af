"""What feedback's events make of the rows: invitations, ratings, rework, tracking, closing."""

from services.portal.projection.rows.changes import Happened, Rows, place_of
from shared.contract.envelope import read_seen
from shared.contract.event import owner_of


def invited(rows: Rows, event: Happened) -> None:
    """The raiser is asked to rate a round."""
    round, open_until = event.number("round"), event.instant("open_until")
    _move(rows, event, "invited")
    rows.first("issue", (event.subject,), invited_first_at=event.at)
    rows.set("issue", (event.subject,), open_until=open_until)
    rows.set("rating", (event.subject, round), invited_at=event.at, open_until=open_until)


def rated(rows: Rows, event: Happened) -> None:
    """The raiser rated it."""
    round = event.number("round")
    satisfaction, solved = event.text("satisfaction"), event.text("solved")
    _move(rows, event, "rated")
    rows.set(
        "issue",
        (event.subject,),
        rated_round=round,
        rated_at=event.at,
        satisfaction=satisfaction,
        solved=solved,
    )
    rows.set(
        "rating",
        (event.subject, round),
        rated_at=event.at,
        satisfaction=satisfaction,
        solved=solved,
        reason=event.text("reason"),
    )


def lapsed(rows: Rows, event: Happened) -> None:
    """Nobody rated it in time: not rated, never satisfied."""
    _move(rows, event, "lapsed")
    rows.set("rating", (event.subject, event.number("round")), lapsed_at=event.at)


def rework_asked(rows: Rows, event: Happened) -> None:
    """A person has to decide on a new round."""
    _move(rows, event, "rework_asked")
    rows.set(
        "rating",
        (event.subject, event.number("round")),
        rework_asked_at=event.at,
        rework_reason=event.text("reason"),
    )


def rework_granted(rows: Rows, event: Happened) -> None:
    """A new round begins; its number is the event's, the rating is of the one before."""
    _move(rows, event, "rework")
    _decided(rows, event, event.number("round") - 1, 1)


def rework_refused(rows: Rows, event: Happened) -> None:
    """The rating stands."""
    _move(rows, event, "rated")
    _decided(rows, event, event.number("round"), 0)


def tracked(rows: Rows, event: Happened) -> None:
    """Kept until what was promised for later is done."""
    _move(rows, event, "tracked")
    rows.set(
        "rating",
        (event.subject, event.number("round")),
        tracked_at=event.at,
        tracked_outcome=event.text("outcome"),
        tracked_promised_on=event.text_or_none("promised_on"),
    )


def closed(rows: Rows, event: Happened) -> None:
    """Handled, and rated or lapsed; or ruled finished."""
    _move(rows, event, "closed")
    rows.set(
        "issue",
        (event.subject,),
        closed_at=event.at,
        closed_because=event.text("reason"),
        closed_by=event.text("by"),
        closed_words=event.text("words"),
    )


def _decided(rows: Rows, event: Happened, round: int, granted: int) -> None:
    rows.set(
        "rating",
        (event.subject, round),
        rework_decided_at=event.at,
        rework_decided_by=event.text("by"),
        rework_granted=granted,
        rework_decision=event.text("reason"),
    )


def _move(rows: Rows, event: Happened, state: str) -> None:
    rows.set(
        "issue",
        (event.subject,),
        feedback_state=state,
        feedback_moved_at=event.at,
        feedback_read=_read_of_intake(event),
        feedback_round=event.number("round"),
    )


def _read_of_intake(event: Happened) -> int:
    """How far feedback had read intake's sequence of this issue when it decided."""
    intake = f"{event.source.rpartition('/')[0]}/intake"
    places = (
        place_of(source, seq) for source, seq in read_seen(event.read).items() if owner_of(source) == intake
    )
    return max(places, default=0)
