"""Decisions on a paper: publish an edition, record the meeting that heard it, tell the issues, hear their answers."""

from collections import Counter
from collections.abc import Hashable, Iterable
from datetime import date

from services.feedback.paper.life import MOVES, NOTHING, News, Paper, State
from shared.contract.commands.papers import ConfirmPaper, HearPaper, PublishPaper, RecordMeeting
from shared.contract.events.papers import DecisionVoided, PaperHeard, PaperPublished
from shared.contract.subjects import id_of
from shared.contract.words import Meeting, Role
from shared.domain.clocks import SHANGHAI
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event, illegal
from shared.domain.decisions import command as ask
from shared.domain.fan_out import Course
from shared.domain.papers import HEARD_BY, Period, decision_id, period_of
from shared.domain.reporting import limit_until


def publish(paper: Paper | None, command: PublishPaper, context: Context) -> Change[Paper] | Refusal:
    """Freeze an edition as it was read: the first one, or another in the place of the newest."""
    period = period_of(id_of(context.subject), context.jurisdiction)
    if period is None:
        form = f"{context.jurisdiction}-<kind>-<period>"
        return Refusal(
            Reason.MALFORMED, f"a paper is named {form}, such as monthly-2026-10, half_yearly-2026-h1"
        )
    if not period.is_over(min(command.as_of, context.now)):
        return Refusal(Reason.PERIOD_NOT_OVER, f"as_of: {period.name} ends before {period.ends_on}")
    if command.as_of > context.now:
        return Refusal(Reason.MALFORMED, "as_of: this instant is still to come")
    newest = paper.edition if paper else 0
    if command.supersedes != newest:
        return Refusal(Reason.STALE_EDITION, f"supersedes: the newest edition is {newest}")
    if wrong := _wrong(command, period):
        return Refusal(Reason.MALFORMED, wrong)
    edition, by = newest + 1, context.principal
    published = PaperPublished.model_validate(
        {**command.model_dump(), "kind": period.kind, "period": period.name, "edition": edition, "by": by}
    )
    known = paper or Paper(state=State.PUBLISHED, edition=0, published_on=_today(context))
    after = known.model_copy(
        update={"state": State.PUBLISHED, "edition": edition, "published_on": _today(context)}
    )
    paper_id = id_of(context.subject)
    cases = (
        News(
            news=f"{paper_id}.{edition}.{one.issue}", issue=one.issue, edition=edition, words=one.words, by=by
        )
        for one in command.cases
    )
    after, asked = _tell(after, cases, context)
    return Change(after, (event(published), *asked), {"state": after.state.value, "edition": edition})


def record_meeting(paper: Paper | None, command: RecordMeeting, context: Context) -> Change[Paper] | Refusal:
    """The meeting for which it is made has heard the newest edition; each decision goes to its issue."""
    state = NOTHING if paper is None else paper.state
    if paper is None or (state, command.verb) not in MOVES:
        return illegal(MOVES, state, command.verb)
    if command.edition != paper.edition:
        return Refusal(Reason.STALE_EDITION, f"edition: the newest one is {paper.edition}")
    if refusal := _cannot_record(paper, command, context):
        return refusal
    paper_id, by = id_of(context.subject), context.principal
    meeting = _meeting(paper_id, context)
    decisions = [
        {"number": number, **one.model_dump()} for number, one in enumerate(command.decisions, start=1)
    ]
    said = {**command.model_dump(), "meeting": meeting, "decisions": decisions, "by": by}
    tells = (
        News(
            news=decision_id(paper_id, command.edition, number),
            edition=command.edition,
            number=number,
            meeting=meeting,
            leader=command.chaired_by,
            by=by,
            **one.model_dump(),
        )
        for number, one in enumerate(command.decisions, start=1)
    )
    after, asked = _tell(paper.model_copy(update={"state": State.HEARD}), tells, context)
    heard = event(PaperHeard.model_validate(said))
    return Change(after, (heard, *asked), {"state": after.state.value, "decisions": len(decisions)})


def confirm(paper: Paper | None, command: ConfirmPaper, context: Context) -> Change[Paper] | Refusal:
    """An issue has answered; once all that were told have, the next are. What was decided on none is void."""
    if paper is None:
        return Refusal(Reason.MALFORMED, "no such paper was published")
    if not ASKING.waits_for(paper, command.news):
        return Change(paper)
    answerer = next(one for one in paper.telling if one.news == command.news)
    telling = tuple(one for one in paper.telling if one is not answerer)
    after, asked = ASKING.hear(paper.model_copy(update={"telling": telling}), command.news, context)
    messages: tuple[Message, ...] = ()
    if command.refused and answerer.number:
        about = {"edition": answerer.edition, "number": answerer.number, "issue": answerer.issue}
        messages = (event(DecisionVoided(**about, reason=command.refused)),)
    return Change(after, (*messages, *asked))


def _tell(paper: Paper, tells: Iterable[News], context: Context) -> tuple[Paper, tuple[Message, ...]]:
    """Put these behind those who have not answered yet; they are told at once where nobody is waited for."""
    more = tuple(tells)
    if not more:
        return paper, ()
    telling = (*paper.telling, *more)
    after = paper.model_copy(update={"telling": telling})
    left = tuple(one.news for one in telling)
    if paper.fan_out is not None:
        return after.model_copy(update={"fan_out": paper.fan_out.model_copy(update={"left": left})}), ()
    counted = after.model_copy(update={"tellings": paper.tellings + 1})
    return ASKING.begin(counted, left, context)


def _asks(paper: Paper, names: tuple[str, ...], context: Context) -> tuple[Message, ...]:
    waiting = {one.news: one for one in paper.telling}
    return tuple(_hears(waiting[name], id_of(context.subject)) for name in names)


ASKING = Course(_asks, name=lambda paper: f"paper/{paper.tellings}")


def _hears(one: News, paper: str) -> Message:
    said = one.model_dump(exclude={"issue", "number", "meeting"})
    return ask(
        one.issue, HearPaper(paper=paper, meeting=Meeting(one.meeting) if one.meeting else None, **said)
    )


def _wrong(command: PublishPaper, period: Period) -> str:
    """What is wrong with the form of a paper of this period; "" for nothing."""
    periods = {period.name, *period.months}
    for one in command.figures:
        if one.period not in periods:
            return f"figures: {one.figure} is of {one.period}, and the paper of {period.name}"
        if one.numerator > one.denominator:
            return f"figures: {one.figure} has {one.numerator} of {one.denominator}"
    twice: dict[str, list[Hashable]] = {
        "figures": [(one.figure, one.period, one.department) for one in command.figures],
        "cases": [one.issue for one in command.cases],
        "positions": [one.topic for one in command.positions],
        "honours": [one.list for one in command.honours],
        **{f"honours: {one.list}": [(who.kind, who.who) for who in one.honoured] for one in command.honours},
    }
    for name, found in twice.items():
        if again := [one for one, count in Counter(found).items() if count > 1]:
            return f"{name}: {again[0]} stands there twice"
    return ""


def _cannot_record(paper: Paper, command: RecordMeeting, context: Context) -> Refusal | None:
    """Why the meeting cannot be written down so; None where it can."""
    if command.held_on > _today(context):
        return Refusal(Reason.MALFORMED, "held_on: this day is still to come")
    if command.held_on < paper.published_on:
        return Refusal(Reason.MALFORMED, f"held_on: this edition was published on {paper.published_on}")
    official = context.directory.official(command.chaired_by)
    if official is None or Role.LEADER not in official.roles:
        return Refusal(Reason.UNKNOWN_LEADER, f"chaired_by: no leader has the account {command.chaired_by}")
    for one in command.decisions:
        limit = None if one.due_on is None else limit_until(one.due_on, context)
        if isinstance(limit, Refusal):
            return limit
    return None


def _meeting(paper: str, context: Context) -> Meeting:
    period = period_of(paper, context.jurisdiction)
    assert period is not None  # it was published under this name
    return HEARD_BY[period.kind]


def _today(context: Context) -> date:
    return context.now.astimezone(SHANGHAI).date()
