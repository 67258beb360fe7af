"""What every decision about an issue begins and ends with: may this be asked now, and the move that the table names."""

from services.intake.issue.life import FOLLOWING, MOVES, NOTHING, Issue, State
from shared.contract.event import Event
from shared.domain.decisions import Change, Reason, Refusal, event, illegal, legal_verbs


def asked(issue: Issue | None, verb: str) -> Issue | Refusal:
    """The issue if this may be asked now, else why not."""
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is registered", legal_verbs(MOVES, NOTHING))
    return issue if (issue.state, verb) in MOVES else illegal(MOVES, issue.state, verb)


def moved(issue: Issue, verb: str, *happened: Event) -> Change[Issue]:
    """The move that the tables name, with its events."""
    state = State({**MOVES, **FOLLOWING}[(issue.state, verb)])
    values: dict[str, object] = {"state": state}
    if issue.state is State.AWAITING_MATERIAL and state is not issue.state:
        values["question"] = None  # whoever decides waits for nothing any more
    after = issue.model_copy(update=values)
    return Change(after, tuple(event(each) for each in happened), {"state": state.value})


def others(issue: Issue, verb: str) -> tuple[str, ...]:
    """What else would be legal now."""
    return tuple(other for other in legal_verbs(MOVES, issue.state) if other != verb)
