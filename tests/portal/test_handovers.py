"""Who held an issue: every instant of its life belongs to one holder, whatever happened in whichever order."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from hypothesis import given as supposing
from hypothesis import strategies as st

from services.portal.queries import handovers
from services.portal.queries.handovers import DEPARTMENT, OFFICE, RAISER, Held, Holder, held, tenths
from services.portal.queries.issues import Entry

HOUR = 3_600_000
HOUSING, WATER = Holder(DEPARTMENT, "housing", "A.1"), Holder(DEPARTMENT, "water", "A.2")
NOBODY: dict[str, str] = {}
LEGAL = {
    "waiting": {"issue.assigned.v1": "held", "issue.rejected.v1": "rejected", "issue.withdrawn.v1": "ended"},
    "held": {
        "assignment.signed.v1": "held",
        "assignment.returned.v1": "returned",
        "assignment.recalled.v1": "waiting",
        "reply.drafted.v1": "held",
        "reply.released.v1": "answered",
        "assignment.enterprise_asked.v1": "questioned",
    },
    "questioned": {
        "pause.ended.v1": "held",
        "assignment.recalled.v1": "waiting",
        "reply.released.v1": "answered",
    },
    "returned": {"assignment.ruled.v1": "held", "assignment.transferred.v1": "held"},
    "answered": {
        "reply.rated.v1": "answered",
        "rework.asked.v1": "asked",
        "issue.tracked.v1": "tracked",
        "issue.closed.v1": "ended",
    },
    "asked": {"rework.decided.v1": "held", "rework.refused.v1": "answered"},
    "tracked": {"issue.closed.v1": "ended"},
    "rejected": {"issue.appealed.v1": "appealed"},
    "appealed": {"appeal.upheld.v1": "waiting", "appeal.dismissed.v1": "rejected"},
}
"""state -> event -> the next state: the lives of docs/loop.md, told once more."""
HOLDERS = {
    "waiting": OFFICE,
    "held": DEPARTMENT,
    "returned": DEPARTMENT,
    "answered": RAISER,
    "questioned": RAISER,
    "asked": OFFICE,
    "tracked": DEPARTMENT,
    "rejected": RAISER,
    "appealed": OFFICE,
}
"""With whom an issue is in a state; an end changes nothing."""
TYPES = sorted({type for moves in LEGAL.values() for type in moves})


@st.composite
def lives(draw: st.DrawFn) -> list[Entry]:
    """Legal events one after the other, each some time after the one before, or at once."""
    state, at, number, found = "waiting", 0, 0, list[Entry]()
    while state in LEGAL and len(found) < 12:
        type = draw(st.sampled_from(sorted(LEGAL[state])))
        at += draw(st.integers(0, 100 * HOUR))
        number += type in handovers.TO_A_DEPARTMENT
        department = draw(st.sampled_from(["housing", "water"]))
        found.append(Entry(at, type, "", {"department": department, "assignment": f"A.{number}"}))
        state = LEGAL[state][type]
    return found


@st.composite
def anything(draw: st.DrawFn) -> list[Entry]:
    """Events of any type at any time, also long before the registration and after the end."""
    about = {"department": "housing", "assignment": "A.1"}
    found = st.builds(
        Entry, st.integers(-HOUR, 200 * HOUR), st.sampled_from(TYPES), st.just(""), st.just(about)
    )
    return draw(st.lists(found, max_size=12))


@supposing(st.one_of(lives(), anything()), st.integers(0, 500 * HOUR))
def test_the_stretches_sum_to_the_life_and_do_not_overlap(history: list[Entry], end: int) -> None:
    life = held(history, 0, end)
    edges = [0, *(one.ended_at for one in life)]
    assert [one.began_at for one in life] == edges[:-1] and edges[-1] == end
    assert sum(one.ended_at - one.began_at for one in life) == end
    assert all(one.began_at < one.ended_at for one in life)
    assert all(one.holder != after.holder for one, after in pairwise(life))
    assert sum(tenths(life)) == round(end / handovers.TENTH_MS) and all(one >= 0 for one in tenths(life))


def whose(history: list[Entry], at: int) -> tuple[str, str]:
    """Who has it at one instant, as the state says to which its events have led."""
    state, kind, last = "waiting", OFFICE, ""
    for entry in history:
        if entry.at > at:
            break
        state = LEGAL[state][entry.type]
        kind = HOLDERS.get(state, kind)
        last = entry.data["department"] if entry.type in handovers.TO_A_DEPARTMENT else last
    return kind, last if kind == DEPARTMENT else ""


@supposing(lives(), st.integers(0, 500 * HOUR))
def test_at_every_instant_it_is_with_whom_its_state_says(history: list[Entry], end: int) -> None:
    for one in held(history, 0, end):
        for at in (one.began_at, one.ended_at - 1):
            assert one.holder[:2] == whose(history, at)


def story(*told: tuple[float, str, str]) -> Iterator[Entry]:
    """(hours, type, assignment): A.1 is of housing, A.2 of water."""
    for hours, type, assignment in told:
        department = {"A.1": "housing", "A.2": "water"}.get(assignment, "")
        about = {"department": department, "assignment": assignment} if assignment else NOBODY
        yield Entry(int(hours * HOUR), type, "", about)


def test_a_return_is_held_by_its_department_until_it_is_transferred() -> None:
    life = held(
        story(
            (2, "issue.assigned.v1", "A.1"),
            (5, "assignment.returned.v1", "A.1"),
            (9, "assignment.ruled.v1", "A.1"),
            (9, "assignment.transferred.v1", "A.2"),
            (20, "reply.released.v1", "A.2"),
        ),
        0,
        30 * HOUR,
    )
    assert life == [
        Held(Holder(), 0, 2 * HOUR, handovers.REGISTERED),
        Held(HOUSING, 2 * HOUR, 9 * HOUR, "issue.assigned.v1"),
        Held(WATER, 9 * HOUR, 20 * HOUR, "assignment.transferred.v1"),
        Held(Holder(RAISER), 20 * HOUR, 30 * HOUR, "reply.released.v1"),
    ]
    assert tenths(life) == [20, 70, 110, 100]


def test_another_round_goes_back_to_the_department_that_answered() -> None:
    life = held(
        story(
            (1, "issue.assigned.v1", "A.1"),
            (2, "reply.released.v1", "A.1"),
            (3, "rework.asked.v1", ""),
            (4, "rework.decided.v1", ""),
            (6, "reply.released.v1", "A.1"),
            (7, "issue.tracked.v1", ""),
        ),
        0,
        9 * HOUR,
    )
    assert [(one.holder.kind, (one.ended_at - one.began_at) // HOUR) for one in life] == [
        (OFFICE, 1),
        (DEPARTMENT, 1),
        (RAISER, 1),
        (OFFICE, 1),
        (DEPARTMENT, 2),
        (RAISER, 1),
        (DEPARTMENT, 2),
    ]
    assert {one.holder for one in life if one.holder.kind == DEPARTMENT} == {HOUSING}


def test_while_the_raiser_is_asked_it_waits_for_the_raiser_and_then_goes_back() -> None:
    life = held(
        story(
            (1, "issue.assigned.v1", "A.1"),
            (3, "assignment.enterprise_asked.v1", "A.1"),
            (10, "pause.ended.v1", "A.1"),
            (12, "reply.released.v1", "A.1"),
        ),
        0,
        12 * HOUR,
    )
    assert [(one.holder.kind, (one.ended_at - one.began_at) // HOUR) for one in life] == [
        (OFFICE, 1),
        (DEPARTMENT, 2),
        (RAISER, 7),
        (DEPARTMENT, 2),
    ]


def test_a_question_that_ends_with_the_reply_gives_nothing_back_to_the_department() -> None:
    over = Entry(5 * HOUR, "pause.ended.v1", "", {"because": "assignment_over"})
    asked = [(1, "issue.assigned.v1", "A.1"), (3, "assignment.enterprise_asked.v1", "A.1")]
    life = held([*story(*asked, (5, "reply.released.v1", "A.1")), over], 0, 9 * HOUR)
    assert [one.holder.kind for one in life] == [OFFICE, DEPARTMENT, RAISER]


def test_what_was_recalled_at_once_was_held_by_nobody_else() -> None:
    life = held(story((2, "issue.assigned.v1", "A.1"), (2, "assignment.recalled.v1", "A.1")), 0, 5 * HOUR)
    assert life == [Held(Holder(), 0, 5 * HOUR, handovers.REGISTERED)]
    assert held(story(), 0, 0) == [] and tenths([]) == []
    assert timedelta(milliseconds=handovers.TENTH_MS) * 10 == timedelta(hours=1)
