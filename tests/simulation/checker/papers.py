"""Papers in their editions, each meeting once, and each of its decisions one instruction or void.

Written down here a second time on purpose: from docs/loop.md, Papers, not from the services' code.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Event, Evidence, aggregate_of, kind_of

Decisions = dict[str, tuple[str, dict[str, Any], str]]
"""``<paper>.<edition>.<number>`` -> its issue, what was decided, and who chaired the meeting."""


def check_papers(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Every paper by feedback's events, and what its issues heard of it; every instruction by supervision's."""
    told = evidence.events_by("feedback")
    decisions: Decisions = {}
    cases: set[tuple[str, str]] = set()
    for subject, events in told.items():
        if aggregate_of(subject) == "paper":
            yield from _editions(subject, events)
            decisions |= dict(_decisions(subject, events))
            cases |= {
                (f"{subject.removeprefix('paper:')}.{event['data']['edition']}", case["issue"])
                for event in events
                if kind_of(event) == "paper.published"
                for case in event["data"]["cases"]
            }
            yield from _all_told(evidence, hearing, subject, events)
    for subject, events in told.items():
        if aggregate_of(subject) == "issue":
            yield from _heard(subject, events, decisions, cases)
            yield from _given(evidence, hearing, subject)


def _editions(subject: str, events: list[Event]) -> Iterator[Violation]:
    """Counted from one, each in the place of the one before; a share is of no less than it has; heard once."""
    last, heard = 0, set()
    for event in events:
        data, what = event["data"], f"{subject}: {event['id']}"
        if kind_of(event) == "paper.published":
            if (data["edition"], data["supersedes"]) != (last + 1, last):
                said = f"{data['edition']} in the place of {data['supersedes']}"
                yield Clause.PAPER_EDITION(f"{what} is edition {said}, the last one is {last}")
            last = data["edition"]
            for one in data["figures"]:
                if one["numerator"] > one["denominator"]:
                    yield Clause.PAPER_SHARE(f"{what} has {one['numerator']} of {one['denominator']}")
        elif kind_of(event) == "paper.heard":
            if data["edition"] != last or last in heard:
                yield Clause.PAPER_HEARD(f"{what} hears edition {data['edition']}, the last one is {last}")
            heard.add(data["edition"])


def _decisions(subject: str, events: list[Event]) -> Iterator[tuple[str, tuple[str, dict[str, Any], str]]]:
    for event in events:
        if kind_of(event) == "paper.heard":
            data = event["data"]
            for one in data["decisions"]:
                id = f"{subject.removeprefix('paper:')}.{data['edition']}.{one['number']}"
                yield id, (one["issue"], one, data["chaired_by"])


def _all_told(evidence: Evidence, hearing: Hearing, subject: str, events: list[Event]) -> Iterator[Violation]:
    """Once nobody is waited for any more, each decision is said of its issue or void, and not both."""
    documents = evidence.documents("feedback") if evidence.history.documents is not None else {}
    if evidence.history.documents is None or (documents.get(subject, {}).get("state") or {}).get("fan_out"):
        return
    void = {
        f"{subject.removeprefix('paper:')}.{event['data']['edition']}.{event['data']['number']}"
        for event in events
        if kind_of(event) == "paper.decision_voided"
    }
    for id, (issue, _, _) in _decisions(subject, events):
        said = [
            event
            for event in evidence.events_by("feedback").get(issue, [])
            if kind_of(event) == "meeting.decided" and event["data"]["decision"] == id
        ]
        if bool(said) == (id in void) and not hearing.waits("feedback", issue):
            yield Clause.DECISION_TOLD(
                f"{issue}: decision {id} was said {len(said)} times, void: {id in void}"
            )


def _heard(
    subject: str, events: list[Event], decisions: Decisions, cases: set[tuple[str, str]]
) -> Iterator[Violation]:
    """What an issue heard of a paper stands in that, and was said once."""
    said: Counter[str] = Counter()
    for event in events:
        data, kind = event["data"], kind_of(event)
        if kind == "typical_case.chosen":
            edition = f"{data['paper']}.{data['edition']}"
            said[edition] += 1
            if (edition, subject) not in cases:
                yield Clause.CASE_CHOSEN(f"{subject}: {event['id']} is no case of {edition}")
        elif kind == "meeting.decided":
            said[data["decision"]] += 1
            issue, one, chaired_by = decisions.get(data["decision"], ("", {}, ""))
            same = (one.get("words"), one.get("due_on"), chaired_by)
            if issue != subject or same != (data["words"], data.get("due_on"), data["leader"]):
                yield Clause.DECISION_TOLD(f"{subject}: {event['id']} says {data}, decided was {one}")
    for name, times in said.items():
        if times > 1:
            yield Clause.DECISION_ONCE(f"{subject}: {name} was said {times} times")


def _given(evidence: Evidence, hearing: Hearing, subject: str) -> Iterator[Violation]:
    """Each decision that supervision has heard of is one instruction, of who chaired the meeting, in its words."""
    heard = {
        event["data"]["decision"]: event["data"]
        for event in hearing.events("supervision", subject, "feedback")
        if kind_of(event) == "meeting.decided"
    }
    given: Counter[str] = Counter()
    for event in evidence.events_by("supervision").get(subject, []):
        data = event["data"]
        if kind_of(event) != "instruction.given" or not data.get("decision"):
            continue
        given[data["decision"]] += 1
        one = heard.get(data["decision"], {})
        if (data["by"], data["words"]) != (one.get("leader"), one.get("words")):
            yield Clause.DECISION_GIVEN(f"{subject}: {event['id']} is not what {data['decision']} says")
    for id in {*heard, *given}:
        if given[id] != 1 or id not in heard:
            yield Clause.DECISION_GIVEN(f"{subject}: {id} is an instruction {given[id]} times")
