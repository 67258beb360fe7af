"""Intake: one registration with its promise, then accepted, rejected or withdrawn; and who may ask for it."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from services.intake.issue.life import State
from services.intake.issue.numbers import issue_number
from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.contract.attachments import Attachment
from shared.contract.command import Command
from shared.contract.commands.intake import GivenOccasion, RegisterIssue, WithdrawIssue
from shared.contract.events.feedback import ReworkDecided
from shared.contract.events.intake import (
    IssueAccepted,
    IssueRegistered,
    IssueWithdrawn,
    Occasion,
    PromiseStarted,
)
from shared.contract.words import Confirmation, MediaType, Phase, Source
from tests.said import WORDS, raiser
from tests.unit.intake.given import (
    ACCEPT,
    CLERK,
    CLOSED,
    CONFIRMED,
    INVITED,
    LI,
    OFFICE,
    ON_BEHALF,
    RAISER,
    REGISTER,
    REJECT,
    SUBJECT,
    Played,
)
from tests.unit.one_aggregate import after


def test_a_registration_shows_its_number_and_the_promised_date_at_once() -> None:
    """Monday 2026-03-02 plus ten working days: Monday 03-16, 17:30 in Shanghai."""
    issue = Played()
    outcome = issue.want("register")
    due = datetime(2026, 3, 16, 9, 30, tzinfo=UTC)
    assert (outcome["number"], outcome["id"]) == (issue_number(SUBJECT), SUBJECT)
    assert (outcome["due_on"], outcome["provisional_because"]) == ("2026-03-16", None)
    assert datetime.fromisoformat(outcome["due_at"]) == due
    registered, promise = issue.events
    assert isinstance(registered, IssueRegistered) and isinstance(promise, PromiseStarted)
    assert (registered.person, registered.enterprise) == (LI, REGISTER.enterprise)
    assert (promise.started_at, promise.due_at, promise.limit) == (after(), due, "10wd")
    assert promise.provisional_because is None
    assert (promise.policy, promise.calendar) == (builtin_policy().version, builtin_calendar().version)


def test_a_date_in_an_unpublished_year_is_provisional_and_says_why() -> None:
    issue = Played()
    outcome = issue.ask(REGISTER, datetime(2026, 12, 30, 2, tzinfo=UTC), RAISER)
    assert outcome["provisional_because"] == "year_not_published"
    promise = issue.events[1]
    assert isinstance(promise, PromiseStarted)
    assert promise.provisional_because == issue.state.provisional_because == "year_not_published"


def test_the_words_stand_on_no_event_until_the_issue_is_accepted() -> None:
    issue = Played().walk(State.REGISTERED)
    for envelope in issue.envelopes.values():
        assert not {"title", "text", "words"} & set(envelope.data)
    assert issue.state.words.words == WORDS.words
    issue.want("accept")
    assert issue.events[-1] == IssueAccepted(title=ACCEPT.title, text=ACCEPT.text, by="chen")


def test_the_outcome_says_how_many_numbers_were_masked() -> None:
    outcome = Played().ask(REGISTER.model_copy(update={"masked": 2}), after(), RAISER)
    assert outcome["masked"] == 2


def test_an_anonymous_issue_has_the_reference_of_that_issue_on_its_event() -> None:
    issue, actor = Played(), raiser("li", SUBJECT)
    issue.ask(RegisterIssue(words=WORDS, anonymous=True), after(), actor)
    registered = issue.events[0]
    assert isinstance(registered, IssueRegistered)
    assert registered.anonymous and not registered.enterprise
    assert f"entrepreneur:{registered.person}" == actor
    assert LI not in str([envelope.data for envelope in issue.envelopes.values()])


@pytest.mark.parametrize(
    "actor", [CLERK, OFFICE, "township:xu", "liaison:he", "observer:lu", "federation:ma", "cppcc:bai"]
)
def test_an_official_writes_an_issue_down_for_the_person_who_alone_takes_it_back(actor: str) -> None:
    issue = Played()
    assert issue.ask(ON_BEHALF, after(), actor)["status"] == "done"
    registered = issue.events[0]
    assert isinstance(registered, IssueRegistered)
    assert (registered.person, registered.recorded_by) == (LI, actor.partition(":")[2])
    assert (issue.state.person, issue.state.recorded_by) == (LI, registered.recorded_by)
    if actor != OFFICE:  # which may record a withdrawal for the person
        assert issue.ask(WithdrawIssue(), after(), actor)["reason"] == "wrong_role"
    assert issue.ask(WithdrawIssue(), after(), RAISER)["status"] == "done"


@pytest.mark.parametrize(
    "actor",
    ["dept:housing/li", "handler:housing/li", "supervisor:sun", "leader:wu", "operator:o", "expert:y"],
)
def test_nobody_else_writes_an_issue_down(actor: str) -> None:
    assert Played().ask(ON_BEHALF, after(), actor)["reason"] == "wrong_role"


def test_an_official_says_for_whom_an_issue_is_written_down() -> None:
    outcome = Played().ask(REGISTER, after(), CLERK)
    assert (outcome["reason"], outcome["detail"].partition(":")[0]) == ("malformed", "person")


def test_an_entrepreneur_raises_an_issue_for_nobody_else() -> None:
    outcome = Played().ask(ON_BEHALF, after(), RAISER)
    assert (outcome["status"], outcome["reason"]) == ("refused", "wrong_role")


CALLED = WORDS.model_copy(update={"called_from": "c2VhbGVk"})
LETTER = {"on": "2026-02-27"}
VISIT = {"on": "2026-02-27", "visited_by": "he"}


@pytest.mark.parametrize(
    ("origin", "more", "wrong"),
    [
        (Source.HOTLINE, {"words": CALLED}, ""),
        (Source.HOTLINE, {}, "occasion.called_from"),
        (Source.WRITTEN, {"occasion": GivenOccasion(**LETTER)}, ""),
        (Source.WRITTEN, {"occasion": GivenOccasion()}, "occasion.on"),
        (Source.WRITTEN, {"occasion": GivenOccasion(**VISIT)}, "occasion.visited_by"),
        (Source.VISIT, {"occasion": GivenOccasion(**VISIT)}, ""),
        (Source.VISIT, {"occasion": GivenOccasion(**LETTER)}, "occasion.visited_by"),
        (Source.TALK, {"occasion": GivenOccasion(id="t-7"), "phase": Phase.AT}, ""),
        (Source.ONLINE, {"phase": Phase.AT}, "phase"),
        (Source.ONLINE, {"words": CALLED}, "occasion.called_from"),
        (Source.OBSERVER, {}, ""),
    ],
)
def test_an_official_says_on_which_occasion_as_the_source_asks(
    origin: Source, more: dict[str, object], wrong: str
) -> None:
    issue = Played()
    outcome = issue.ask(ON_BEHALF.model_copy(update={"origin": origin, **more}), after(), CLERK)
    if wrong:
        assert (outcome["reason"], outcome["detail"].partition(":")[0]) == ("malformed", wrong)
        return
    registered = issue.events[0]
    assert isinstance(registered, IssueRegistered)
    occasion = more.get("occasion")
    given = Occasion(**occasion.model_dump()) if isinstance(occasion, GivenOccasion) else None
    assert (registered.occasion, registered.phase) == (given, more.get("phase"))
    assert "c2VhbGVk" not in str([envelope.data for envelope in issue.envelopes.values()])


def test_an_urgent_issue_says_so_on_its_event() -> None:
    issue = Played()
    issue.ask(REGISTER.model_copy(update={"urgent": True}), after(), RAISER)
    assert isinstance(issue.events[0], IssueRegistered) and issue.events[0].urgent and issue.state.urgent


def test_a_registration_keeps_its_files_and_tells_what_they_are() -> None:
    files = tuple(
        Attachment(hash=letter * 64, media_type=media_type, bytes=7)
        for letter, media_type in (("a", MediaType.JPEG), ("b", MediaType.DOCX))
    )
    issue = Played()
    assert issue.ask(REGISTER.model_copy(update={"attachments": files}), after(), RAISER)["status"] == "done"
    registered = issue.events[0]
    assert isinstance(registered, IssueRegistered)
    assert registered.attachments == issue.state.attachments
    assert [dict(file) for file in registered.attachments] == [dict(file) for file in files]


@pytest.mark.parametrize(
    ("field", "value"),
    [("hash", "A" * 64), ("sha256", "a"), ("media_type", "image/gif"), ("bytes", 0), ("name", "李四.pdf")],
)
def test_a_command_takes_of_a_file_its_hash_kind_and_size_and_nothing_else(field: str, value: object) -> None:
    file = {"hash": "a" * 64, "media_type": MediaType.PDF, "bytes": 7}
    RegisterIssue(words=WORDS, attachments=[file])
    with pytest.raises(ValidationError):
        RegisterIssue(words=WORDS, attachments=[{**file, field: value}])


def test_a_wrong_credit_code_is_refused_with_the_rule() -> None:
    issue = Played()
    wrong = REGISTER.model_copy(update={"enterprise": "911100006000373410"})
    outcome = issue.ask(wrong, after(), RAISER)
    assert outcome["reason"] == "wrong_credit_code"
    assert "18 characters" in outcome["detail"]
    assert issue.state is None


def test_an_issue_without_an_enterprise_is_welcome() -> None:
    outcome = Played().ask(REGISTER.model_copy(update={"enterprise": ""}), after(), RAISER)
    assert outcome["status"] == "done"


def test_a_subject_that_is_no_id_is_malformed() -> None:
    assert Played("issue-1").want("register")["reason"] == "malformed"


@pytest.mark.parametrize("origin", [Source.TALK, Source.OBSERVER, Source.VISIT, Source.DELIBERATION])
def test_what_came_from_a_talk_or_a_visit_is_never_rejected(origin: Source) -> None:
    issue = Played()
    issue.ask(REGISTER.model_copy(update={"origin": origin}), after(), RAISER)
    outcome = issue.want("reject")
    assert (outcome["reason"], outcome["legal"][:3]) == ("not_eligible", ["accept", "refer", "withdraw"])
    assert "reject" not in outcome["legal"]


@pytest.mark.parametrize(
    ("command", "actor", "reason"),
    [
        (ACCEPT, RAISER, "wrong_role"),
        (REJECT, "handler:housing/li", "wrong_role"),
        (REJECT.model_copy(update={"explanation": "  "}), OFFICE, "reason_missing"),
        (WithdrawIssue(), raiser("wang"), "wrong_role"),
    ],
)
def test_a_refusal_names_its_reason_and_changes_nothing(command: Command, actor: str, reason: str) -> None:
    issue = Played().walk(State.REGISTERED)
    outcome = issue.ask(command, after(), actor)
    assert (outcome["status"], outcome["reason"]) == ("refused", reason)
    assert issue.state.state is State.REGISTERED


def test_a_withdrawal_says_whose_it_is() -> None:
    issue = Played().walk(State.ACCEPTED)
    assert issue.ask(WithdrawIssue(reason=" 已解决 "), after(), RAISER)["status"] == "done"
    assert issue.events[-1] == IssueWithdrawn(person=LI, reason="已解决")


def test_a_withdrawal_on_behalf_says_who_recorded_it_and_how_and_when_the_person_confirmed_it() -> None:
    issue = Played().walk(State.ACCEPTED)
    assert issue.ask(CONFIRMED, after(), OFFICE)["status"] == "done"
    assert issue.events[-1] == IssueWithdrawn(
        person=LI,
        by="chen",
        reason="来电撤回",
        confirmed_by=Confirmation.CALL,
        confirmed_at=after(),
        called_by="chen",
    )


@pytest.mark.parametrize(
    ("changed", "detail"),
    [
        ({"confirmed_by": None, "called_by": ""}, "how and when"),
        ({"confirmed_at": None}, "how and when"),
        ({"confirmed_at": after(hours=1)}, "not to come"),
        ({"confirmed_at": after(hours=-1)}, "after the registration"),
        ({"called_by": ""}, "who spoke with them"),
        ({"confirmed_by": Confirmation.IN_PERSON}, "of a call, and of nothing else"),
    ],
)
def test_nothing_is_withdrawn_on_behalf_without_the_persons_confirmation(
    changed: dict[str, object], detail: str
) -> None:
    issue = Played().walk(State.ACCEPTED)
    outcome = issue.ask(CONFIRMED.model_copy(update=changed), after(), OFFICE)
    assert (outcome["status"], outcome["reason"]) == ("refused", "confirmation_missing")
    assert detail in outcome["detail"]
    assert issue.state.state is State.ACCEPTED


@pytest.mark.parametrize("actor", [RAISER, OFFICE])
def test_nobody_withdraws_an_issue_once_a_reply_is_out_not_even_in_a_new_round(actor: str) -> None:
    issue = Played().walk(State.ANSWERED)
    issue.take(ReworkDecided(round=2, by="chen"), after(days=3))
    outcome = issue.ask(CONFIRMED, after(days=4), actor)
    assert (outcome["status"], outcome["reason"]) == ("refused", "illegal_move")
    assert issue.state.state is State.ANSWERED


@pytest.mark.parametrize("ended", [State.WITHDRAWN, State.REFERRED])
def test_an_invitation_that_crossed_a_withdrawal_or_a_referral_leaves_it_ended(ended: State) -> None:
    issue = Played().walk(ended)
    issue.take(INVITED, after())
    assert issue.state.state is ended


@pytest.mark.parametrize(("verb", "ended"), [("withdraw", State.WITHDRAWN), ("refer", State.REFERRED)])
def test_closing_wins_over_a_withdrawal_and_a_referral_in_both_orders(verb: str, ended: State) -> None:
    late, early = Played().walk(State.CLOSED), Played().walk(ended)
    assert late.want(verb)["reason"] == "illegal_move"
    early.take(CLOSED, after())
    assert late.state.state is early.state.state is State.CLOSED
