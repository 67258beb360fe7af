"""Officials are told in office hours: what is for one of them outside these waits, and goes as one digest."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.dispatch.consumer import consumer
from services.intake.consumer import consumer as intake
from shared.contract.command import Command
from shared.contract.commands.notices import (
    BeginStaffNotice,
    GiveUpStaffNotice,
    PrepareNotice,
    PrepareStaffNotice,
    RecordStaffNotice,
)
from shared.contract.events.notices import StaffNoticeGivenUp, StaffNoticeSent
from shared.contract.subjects import subject_of
from shared.contract.words import MAIL, Occurrence, Unsent
from shared.domain.decisions import Context
from shared.domain.notices import FOLLOWING, KEPT, MOST_IN_A_DIGEST, MOVES, State, digest_of, tell
from shared.domain.office_hours import opening
from tests.unit.one_aggregate import MOMENT, OneAggregate, after
from tests.unit.reference import JURISDICTION, builtin_reference

MIDNIGHT, OPENS = after(hours=15), after(days=1, hours=-0.5)
"""Of the Monday, and 08:30 of the Tuesday after it."""
OPEN = OPENS + MOMENT
CLOSED = after(hours=9)
"""18:00 on Monday."""
SENDER, ISSUE = "system:notices", "7K3M9QXT2B4N6"


def prepares(number: int, **more: Any) -> PrepareStaffNotice:
    """Tell Li of the issue of this number."""
    about = {"issue": f"issue-{number}", "number": f"HZ-{number}", "about": Occurrence.ASSIGNED}
    return PrepareStaffNotice(**{**about, "to": "li", **more})


class Digest(OneAggregate):
    """What Li is told by mail when offices open on Tuesday, or any other notice of dispatch."""

    def __init__(self, subject: str = digest_of("li", MAIL, OPENS)) -> None:
        super().__init__(consumer(JURISDICTION), subject)

    def want(self, command: Command, at: datetime) -> dict[str, Any]:
        return self.ask(command, at, SENDER)

    def filled(self, count: int, at: datetime = MIDNIGHT) -> "Digest":
        for number in range(count):
            assert self.want(prepares(number), at)["status"] == "done"
        return self

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What it asked of other notices: (subject, issue)."""
        return [(one.subject, one.data["issue"]) for one in self.commands.values()]


def context(at: datetime, subject: str = ISSUE) -> Context:
    return Context(subject, at, builtin_reference(), "office:chen", "cause")


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (after(), after()),
        (after(hours=3) - MOMENT, after(hours=3) - MOMENT),
        (after(hours=3), after(hours=4.5)),  # noon
        (after(hours=8.5), OPENS),
        (MIDNIGHT, OPENS),
        (after(days=4, hours=12), after(days=7, hours=-0.5)),  # over a weekend
        (datetime.fromisoformat("2026-09-30T18:00+08:00"), datetime.fromisoformat("2026-10-08T08:30+08:00")),
        (datetime.fromisoformat("2026-10-10T09:00+08:00"), datetime.fromisoformat("2026-10-10T09:00+08:00")),
    ],
)
def test_offices_open_by_policy_and_calendar_also_on_make_up_days(at: datetime, opens: datetime) -> None:
    known = context(at)
    assert opening(at, known.policy, known.calendar) == opens


def test_what_is_decided_in_office_hours_is_a_notice_of_its_own_and_else_goes_into_the_digest() -> None:
    body = {"number": "HZ-1", "about": Occurrence.ASSIGNED, "to": "li"}

    def subject(at: datetime, **more: Any) -> str:
        return tell(PrepareStaffNotice, context(at), {**body, **more}, in_office_hours=True).to

    assert subject(after()) == tell(PrepareStaffNotice, context(after()), body).to
    assert subject(CLOSED) == subject(MIDNIGHT) == digest_of("li", MAIL, OPENS)
    others = {subject(CLOSED, to="wang"), subject(CLOSED, way="group"), subject(after(days=1, hours=10))}
    assert len(others | {subject(CLOSED)}) == 4
    assert subject(after(), way="group") != subject(after())


def test_a_storm_at_midnight_is_one_mail_to_each_person_when_offices_open() -> None:
    digest = Digest().filled(100)
    assert (digest.state.state, len(digest.state.items)) == (State.WAITING, 100)
    assert FOLLOWING["nothing", "wait"] == State.WAITING
    due = digest.deadline
    assert due is not None and due.at == OPENS
    assert digest.want(BeginStaffNotice(), OPENS - MOMENT)["reason"] == "illegal_move"
    assert digest.fire(OPENS - MOMENT) == [] and digest.state.state is State.WAITING
    digest.fire(OPENS)
    assert digest.state.state is State.PREPARED == FOLLOWING[State.WAITING, "open"]
    assert digest.want(BeginStaffNotice(), OPENS)["state"] == State.SENDING
    digest.want(RecordStaffNotice(), OPENS)
    assert digest.events == [
        StaffNoticeSent(issue=f"issue-{n}", about=Occurrence.ASSIGNED, to="li", way=MAIL, tries=1)
        for n in range(100)
    ]
    assert digest.asked == []


def test_the_same_thing_stands_in_a_digest_once_and_delivered_twice_changes_nothing() -> None:
    digest = Digest().filled(2)
    record = digest.command(prepares(2), MIDNIGHT, SENDER)
    first, state = digest.answer(record), digest.state
    assert [digest.answer(record), digest.state] == [first, state]
    assert digest.want(prepares(2), MIDNIGHT)["unchanged"] and digest.state == state


def test_a_digest_opens_before_a_later_command_though_the_timer_was_late() -> None:
    digest = Digest().filled(1)
    assert digest.want(BeginStaffNotice(), OPEN)["state"] == State.SENDING


def test_what_comes_when_the_digest_is_on_its_way_goes_into_another_notice() -> None:
    digest = Digest().filled(1)
    digest.want(BeginStaffNotice(), OPEN)
    record = digest.command(prepares(7), OPEN, SENDER)
    assert digest.answer(record)["passed_on"] and digest.answer(record)["passed_on"]
    ((subject, issue),) = digest.asked
    assert issue == "issue-7" and subject != digest.subject
    following = Digest(subject)
    following.want(prepares(7), OPEN)
    assert (following.state.state, following.state.until) == (State.PREPARED, digest.state.until)


def test_what_was_tried_already_takes_nothing_more_in() -> None:
    """The server may have it under its id: whoever reads mail sees that id once."""
    digest = Digest().filled(1)
    digest.want(BeginStaffNotice(), OPEN)
    digest.fire(OPEN + timedelta(minutes=5))
    assert digest.state.state is State.PREPARED
    assert digest.want(prepares(7), OPEN + timedelta(minutes=6))["passed_on"]


def test_a_digest_that_is_full_passes_on_what_comes_and_loses_nothing() -> None:
    digest = Digest().filled(MOST_IN_A_DIGEST + 3)
    assert len(digest.state.items) == MOST_IN_A_DIGEST
    assert [issue for _, issue in digest.asked] == [f"issue-{MOST_IN_A_DIGEST + n}" for n in range(3)]
    assert len({subject for subject, _ in digest.asked}) == 1


def test_what_could_not_go_before_offices_closed_joins_the_digest_and_keeps_its_end() -> None:
    alone = Digest(subject_of("notice", "alone"))
    alone.want(prepares(1), after())
    until = alone.state.until
    record = alone.command(BeginStaffNotice(), CLOSED, SENDER)
    assert alone.answer(record)["state"] == State.JOINED == FOLLOWING[State.PREPARED, "join"]
    assert alone.answer(record)["state"] == State.JOINED and alone.events == []
    ((subject, issue),) = alone.asked
    assert (subject, issue) == (digest_of("li", MAIL, OPENS), "issue-1")
    (asked,) = alone.commands.values()
    digest = Digest()
    digest.want(PrepareStaffNotice.model_validate(asked.data), CLOSED)
    assert digest.state.until == until
    digest.want(prepares(2), MIDNIGHT)
    assert digest.state.until > until


def test_what_is_prepared_when_offices_closed_meanwhile_joins_the_digest_at_once() -> None:
    """A decision of the last minute, or one that a service came to late."""
    alone = Digest(subject_of("notice", "alone"))
    record = alone.command(prepares(1), CLOSED, SENDER)
    assert alone.answer(record)["state"] == State.JOINED == FOLLOWING["nothing", "join"]
    assert alone.answer(record)["state"] == State.JOINED
    assert alone.asked == [(digest_of("li", MAIL, OPENS), "issue-1")]


def test_what_a_full_digest_passes_on_at_night_waits_beside_it_and_takes_more_in() -> None:
    digest = Digest().filled(MOST_IN_A_DIGEST + 2)
    first, second = digest.commands.values()
    beside = Digest(first.subject)
    for asked in (first, second):
        beside.want(PrepareStaffNotice.model_validate(asked.data), MIDNIGHT)
    assert (beside.state.state, len(beside.state.items)) == (State.WAITING, 2)
    assert beside.deadline is not None and beside.deadline.at == OPENS and beside.asked == []


def test_what_was_tried_before_offices_closed_keeps_its_id_and_waits() -> None:
    alone = Digest(subject_of("notice", "alone"))
    alone.want(prepares(1), after())
    alone.want(BeginStaffNotice(), after(hours=8.4))
    alone.fire(after(hours=8.4) + timedelta(minutes=5))
    assert (
        alone.want(BeginStaffNotice(), CLOSED)["state"] == State.WAITING == FOLLOWING[State.PREPARED, "wait"]
    )
    assert alone.deadline is not None and alone.deadline.at == OPENS
    alone.fire(OPENS)
    assert alone.want(BeginStaffNotice(), OPEN)["tries"] == 2 and alone.asked == []


def test_what_was_taken_counts_as_sent_also_while_it_waits_again() -> None:
    alone = Digest(subject_of("notice", "alone"))
    alone.want(prepares(1), after())
    alone.want(BeginStaffNotice(), after(hours=8.4))
    alone.fire(after(hours=8.4) + timedelta(minutes=5))
    alone.want(BeginStaffNotice(), CLOSED)
    assert alone.want(RecordStaffNotice(), CLOSED)["state"] == State.SENT == MOVES[State.WAITING, "record"]
    assert alone.deadline is None


def test_a_digest_is_tried_for_three_working_days_from_its_opening() -> None:
    friday, monday = after(days=4, hours=12), after(days=7, hours=-0.5)
    digest = Digest(digest_of("li", MAIL, monday)).filled(2, friday)
    assert digest.deadline is not None and digest.deadline.at == monday
    digest.fire(monday)
    until = after(days=10, hours=8.5)
    assert digest.deadline is not None and digest.deadline.at == until >= friday + KEPT
    ends = {"about": Occurrence.ASSIGNED, "to": "li", "way": MAIL, "tries": 0, "why": Unsent.TOO_LATE}
    assert digest.fire(until) == [StaffNoticeGivenUp(issue=f"issue-{n}", **ends) for n in range(2)]


def test_a_wait_that_ends_after_the_last_day_gives_it_up() -> None:
    alone = Digest(subject_of("notice", "alone"))
    alone.want(prepares(1, until=after(hours=12)), after())
    alone.want(BeginStaffNotice(), after(hours=8.4))
    alone.fire(after(hours=8.4) + timedelta(minutes=5))
    alone.want(BeginStaffNotice(), CLOSED)
    (told,) = alone.fire(OPENS)
    assert isinstance(told, StaffNoticeGivenUp) and told.why == Unsent.TOO_LATE
    assert alone.state.state is State.GIVEN_UP == FOLLOWING[State.WAITING, "give_up"]


def test_what_was_refused_is_told_of_each_thing_in_it_with_what_was_said() -> None:
    digest = Digest().filled(2)
    digest.want(BeginStaffNotice(), OPEN)
    digest.want(GiveUpStaffNotice(why=Unsent.REFUSED, said="errcode 400102"), OPEN)
    assert [(e.issue, e.why, e.said) for e in digest.events if isinstance(e, StaffNoticeGivenUp)] == [
        ("issue-0", Unsent.REFUSED, "errcode 400102"),
        ("issue-1", Unsent.REFUSED, "errcode 400102"),
    ]


def test_what_goes_at_once_is_begun_at_midnight_and_joins_no_digest() -> None:
    alone = Digest(subject_of("notice", "alone"))
    record = alone.command(prepares(1, at_once=True), MIDNIGHT, SENDER)
    assert alone.answer(record)["state"] == alone.answer(record)["state"] == State.PREPARED
    assert alone.state.until == MIDNIGHT + KEPT
    for tries in (1, 2):
        begun = alone.want(BeginStaffNotice(), MIDNIGHT + timedelta(hours=tries))
        assert (begun["state"], begun["tries"]) == (State.SENDING, tries)
        alone.fire(MIDNIGHT + timedelta(hours=tries, minutes=30))
    assert alone.asked == [] and alone.events == []


def test_who_raised_an_issue_is_told_at_any_hour() -> None:
    raiser = OneAggregate(intake(JURISDICTION), subject_of("notice", "raisers"))
    about = {"issue": ISSUE, "number": "HZ-1", "about": Occurrence.RATING_INVITED, "to": "reference"}
    raiser.ask(PrepareNotice(**about), MIDNIGHT, SENDER)
    assert (raiser.state.state, raiser.state.until) == (State.PREPARED, MIDNIGHT + KEPT)
