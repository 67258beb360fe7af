"""A rating round reminds of what waits for a rating, once each; a reply is public only once it is out.

Written down here a second time on purpose: from docs/loop.md, Rating rounds and What is public, not from the code.
"""

from collections import defaultdict
from collections.abc import Iterator

from shared.contract.envelope import read_seen
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, aggregate_of, kind_of, owner_of

REMINDER = "rating_reminded"
ASIDE = ("rating.reminded", "typical_case.chosen", "meeting.decided")
"""What is told of an issue in between and leaves it waiting for its rating."""


def check_rating_rounds(evidence: Evidence) -> Iterator[Violation]:
    """Every reminder by feedback's events, every mail that gathers them, and every disclosure by intake's."""
    told = evidence.events_by("feedback")
    rounds = {
        subject.partition(":")[2]: events
        for subject, events in told.items()
        if aggregate_of(subject) == "rating_round"
    }
    reminded: defaultdict[str, list[str]] = defaultdict(list)
    for subject, events in told.items():
        if aggregate_of(subject) == "issue":
            yield from _reminded(subject, events, rounds, reminded)
    for id, events in rounds.items():
        yield from _whole(id, events, reminded[id])
    yield from _together(evidence)
    yield from _told_of(evidence)
    for subject, events in evidence.events_by("intake").items():
        yield from _public(subject, events, told.get(subject, []))


def _reminded(
    subject: str, events: list[Event], rounds: dict[str, list[Event]], reminded: dict[str, list[str]]
) -> Iterator[Violation]:
    """Of an open invitation, by a round that names it, and of one round once."""
    for place, event in enumerate(events):
        if kind_of(event) != "rating.reminded":
            continue
        id = event["data"]["rating_round"]
        if subject in reminded[id]:
            yield Clause.RATING_REMINDED(f"{subject}: {event['id']} reminds a second time in {id}")
        reminded[id].append(subject)
        named = [issue for one in rounds.get(id, [])[:1] for issue in one["data"]["issues"]]
        if subject not in named:
            yield Clause.RATING_REMINDED(f"{subject}: {event['id']} is of {id}, which does not name it")
        before = [kind_of(one) for one in events[:place] if kind_of(one) not in ASIDE]
        if before[-1:] != ["rating.invited"]:
            yield Clause.RATING_REMINDED(f"{subject}: {event['id']} reminds of what waits for no rating")


def _whole(id: str, events: list[Event], reminded: list[str]) -> Iterator[Violation]:
    """Once it is done, each of its issues was reminded of or passed over.

    One that was asked again before its answer was heard may be both: its reply came out in between.
    """
    for event in events:
        if kind_of(event) != "rating_round.done":
            continue
        passed = {*event["data"].get("passed", ())}
        counted = len({*reminded} - passed)
        if passed | {*reminded} != {*events[0]["data"]["issues"]} or event["data"]["reminded"] != counted:
            yield Clause.RATING_ROUND_WHOLE(f"ratings:{id}: {event['id']} does not count what it asked")


def _together(evidence: Evidence) -> Iterator[Violation]:
    """What one person is reminded of at one instant is gathered in one mail."""
    gathered: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for opened in evidence.opened:
        event = opened.event
        if event is None or event["type"] != "intake.notice.prepare.v1":
            continue
        data = event["data"]
        if data.get("about") == REMINDER and not data.get("passed_on"):
            gathered[data["to"], data["opens_at"]].add(event["subject"])
    for (to, at), subjects in gathered.items():
        if len(subjects) > 1:
            yield Clause.ONE_REMINDER(f"{to} is reminded by {len(subjects)} mails of what waited at {at}")


def _told_of(evidence: Evidence) -> Iterator[Violation]:
    """By the first time that it was made public, also where it is taken back and given again; whoever hears of its
    replies at all."""
    told: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for opened in evidence.opened:
        event = opened.event
        if event is not None and event["type"] == "intake.notice.prepare.v1":
            data = event["data"]
            told[data["issue"], data["about"]][event["id"]] = str(event.get("cause"))
    for subject, events in evidence.events_by("intake").items():
        public = [str(event.get("cause")) for event in events if kind_of(event) == "issue.disclosed"]
        heard = [*told[subject, "disclosed"].values()]
        due = public[:1] if told[subject, "rating_invited"] else []
        if heard != due:
            yield Clause.DISCLOSED_TOLD(f"{subject}: made public by {public}, told of {heard}")


def _public(subject: str, events: list[Event], feedback: list[Event]) -> Iterator[Violation]:
    """Intake had read by then that a reply is out."""
    for event in events:
        if kind_of(event) != "issue.disclosed":
            continue
        seen = {owner_of(source): seq for source, seq in read_seen(event.get("seen", "")).items()}
        heard = {kind_of(one) for one in feedback[: seen.get("feedback", 0)]}
        if "rating.invited" not in heard:
            yield Clause.DISCLOSED_ANSWERED(f"{subject}: {event['id']} makes public what nobody answered")
