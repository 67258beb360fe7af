"""Documents: numbers without a gap, each told, signed by who may; what a step brings, and who hears of it.

The rules are those of clocks.md, The ladder, told a second time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, aggregate_of, instant, is_order, kind_of

BY_ITSELF = ("reminder", "supervision_order")
BRINGS = (
    ("reminder",),
    ("supervision_order",),
    ("yellow_card",),
    ("red_card", "interview"),
    ("circular",),
    ("matters_entry",),
)
"""What each step brings, where a policy does not say."""
MAY_SIGN = ("supervisor", "leader")
NEXT: Mapping[str, tuple[str, ...]] = {
    "": ("drafted", "issued", "voided"),
    "drafted": ("issued", "voided"),
    "issued": ("answered", "lifted", "lift_drafted"),
    "lift_drafted": ("answered", "lifted"),
    "answered": ("lifted", "lift_drafted"),
    "lifted": (),
    "voided": (),
}
"""What may be told of a document after what."""
PASSED_ON = (
    *("order.reminded", "order.ordered", "order.document_issued", "order.document_lifted"),
    *("order.instructed", "order.instruction_taken_back"),
)
WITH_THE_BREACH = ("ruling", "instruction")
"""The clocks whose reminder comes with each breach, and not with the step."""


class Entry(NamedTuple):
    """Which register gave a document its number."""

    register: str
    number: int


Entries = Mapping[str, Mapping[str, Entry]]
"""By issue and document."""


def check_documents(evidence: Evidence) -> Iterator[Violation]:
    """Of every register its numbers, and of every issue its documents."""
    entries: dict[str, dict[str, Entry]] = defaultdict(dict)
    told = evidence.events_by("supervision")
    for subject, events in told.items():
        if aggregate_of(subject) == "register":
            for place, event in enumerate(events, start=1):
                issue, document, number = (event["data"][name] for name in ("issue", "document", "number"))
                if number != place:
                    yield Clause.NUMBERS(f"{subject}: {event['id']} gives {number}, it is the {place}.")
                if document in entries[issue]:
                    yield Clause.NUMBERED_ONCE(f"{subject}: {issue} {document} has two numbers")
                entries[issue][document] = Entry(subject, number)
    for subject, events in told.items():
        if aggregate_of(subject) == "issue":
            yield from _documents(evidence, subject, events, entries[subject])
            yield from _annulled(subject, events)
    for subject in {**told, **entries}:
        if aggregate_of(subject) == "issue" and not _is_held_up(evidence, subject, entries[subject]):
            yield from _untold(subject, told.get(subject, []), entries[subject])
            yield from _brought(evidence, subject, told.get(subject, []))
    yield from _addressed(evidence)


def _is_held_up(evidence: Evidence, subject: str, entries: Mapping[str, Entry]) -> bool:
    """Whether a command of this issue or of a register failed or never went out: nobody can say what it would bring."""
    about = evidence.dead_letters_about
    registers = {entry.register for entry in entries.values()}
    failed = [one for one in (subject, *registers) for one in about.get(("supervision", one), ())]
    return any(one.topic == "supervision.commands" for one in failed)


def _untold(subject: str, events: list[Event], entries: Mapping[str, Entry]) -> Iterator[Violation]:
    """Each number that a register gave is told of its document: as a draft, as gone out, or as void."""
    told = {event["data"]["document"] for event in events if kind_of(event).startswith("document.")}
    for document, (register, number) in entries.items():
        if document not in told:
            yield Clause.NUMBER_TOLD(
                f"{register}: nobody is told what became of {number}, {subject} {document}"
            )


def _documents(
    evidence: Evidence, subject: str, events: list[Event], entries: Mapping[str, Entry]
) -> Iterator[Violation]:
    """What is told of each document of one issue, in order."""
    stands: dict[str, str] = {}
    for event in events:
        owner, _, what = kind_of(event).partition(".")
        if owner != "document":
            continue
        data = event["data"]
        id = data["document"]
        if what not in NEXT[stands.get(id, "")]:
            before = stands.get(id) or "nothing"
            yield Clause.DOCUMENT_LIFE(f"{subject}: {event['id']} tells that {id} is {what} after {before}")
        stands[id] = what
        if "number" in data and (known := entries.get(id)) != _named(data, event):
            yield Clause.DOCUMENT_NUMBER(f"{subject}: {event['id']} is {_named(data, event)}, not {known}")
        if what == "drafted" and data["year"] != _year(data["due_at"]):
            yield Clause.DOCUMENT_NUMBER(
                f"{subject}: {event['id']} is of {data['due_at']}, not {data['year']}"
            )
        if what == "issued":
            yield from _signed(evidence, subject, event)


def _annulled(subject: str, events: list[Event]) -> Iterator[Violation]:
    """Of a breach that is annulled what went out by itself is lifted; of what a person signed a lift is drafted."""
    signed: dict[str, Event] = {}
    breaches: Counter[int] = Counter()
    owed: dict[str, str] = {}
    for event in events:
        kind, data = kind_of(event), event["data"]
        id = data.get("document", "")
        if kind == "document.issued":
            if data["by"]:
                signed[id] = data
        elif kind == "document.lift_drafted":
            if not signed.pop(id, None):
                yield Clause.DOCUMENT_LIFTED(
                    f"{subject}: {event['id']} drafts a lift of what nobody signed: {id}"
                )
            owed.pop(id, None)
        elif kind == "document.lifted":
            if data["because"] == "annulled" and id in signed:
                yield Clause.DOCUMENT_LIFTED(
                    f"{subject}: {event['id']} lifts {id}, which {signed[id]['by']} signed"
                )
            signed.pop(id, None)
        elif data.get("clock") == "promise" and kind in ("clock.breached", "clock.breach_annulled"):
            breaches[data["round"]] += 1 if kind == "clock.breached" else -1
            if not breaches[data["round"]]:
                of_it = (id for id, document in signed.items() if _is_of_promise(document, data["round"]))
                owed |= dict.fromkeys(of_it, event["id"])
    for id, annulled in owed.items():
        yield Clause.DOCUMENT_LIFTED(f"{subject}: {annulled} leaves {id} as it is, which a person signed")


def _is_of_promise(document: Mapping[str, Any], round: int) -> bool:
    return bool(document["step"]) and document["clock"] == "promise" and document["round"] == round


def _named(data: Mapping[str, Any], event: Event) -> Entry:
    """Where a document that names its number has it from: there is a register for each kind and year."""
    jurisdiction = str(event["source"]).split("/")[1]
    return Entry(f"register:{jurisdiction}.{data['kind']}.{data['year']}", data["number"])


def _year(at: str) -> int:
    """The year of an instant in Shanghai, which is eight hours ahead."""
    return (instant(at) + timedelta(hours=8)).year


def _signed(evidence: Evidence, subject: str, event: Event) -> Iterator[Violation]:
    """Beyond the order nothing goes out but under the name of who asked for that and may."""
    data = event["data"]
    if not data["by"]:
        if data["kind"] not in BY_ITSELF or not data["step"]:
            yield Clause.DOCUMENT_SIGNED(f"{subject}: {event['id']} went out without a signature")
        return
    asked = _asked(evidence, event)
    if asked is None:
        return
    role, _, account = str(asked.get("actor", "")).partition(":")
    wanted = asked["data"]
    if role not in MAY_SIGN or account != data["by"] or not str(wanted.get("signature", "")).strip():
        yield Clause.DOCUMENT_SIGNED(f"{subject}: {event['id']} names {data['by']}, {role}:{account} asked")


def _asked(evidence: Evidence, event: Event) -> Event | None:
    """The command of a person behind a document: itself, or what asked the register for its number."""
    id = str(event.get("cause", ""))
    found = evidence.by_id.get(id.partition(">")[0] if ">" in id else id)
    return None if found is None else found.event


def _brought(evidence: Evidence, subject: str, events: list[Event]) -> Iterator[Violation]:
    """Each step that is told brings what the policy says, each once, and nothing else has a step."""
    policies = evidence.published("policy")
    due: Counter[tuple[int, int, str]] = Counter()
    came: Counter[tuple[int, int, str]] = Counter()
    void: Counter[str] = Counter()
    reminded: Counter[str] = Counter()
    unsigned: set[tuple[int, int]] = set()
    known: set[str] = set()
    for event in events:
        kind, data = kind_of(event), event["data"]
        is_first = kind.startswith("document.") and data["document"] not in known
        if kind.startswith("document."):
            known.add(data["document"])
        if data.get("clock") in WITH_THE_BREACH:
            if kind == "document.issued":
                reminded[data["clock"]] -= 1
            reminded[data["clock"]] += kind == "clock.breached"
            if min(reminded.values()) < 0 or (kind == "document.issued" and data["step"] != 1):
                yield Clause.DOCUMENT_FOUNDED(f"{subject}: {event['id']} reminds of what is not late")
        elif kind == "ladder.raised" and data["because"] != "appealed":
            policy = policies.get(data["policy"])
            ladder = () if policy is None else policy["data"]["policy"].get("ladder", ())
            brings = ladder[data["step"] - 1]["documents"] if ladder else BRINGS[data["step"] - 1]
            due.update((data["step"], data["round"], kind) for kind in brings)
            if not (ladder and ladder[data["step"] - 1]["signed"]):
                unsigned.add((data["step"], data["round"]))
        elif kind == "clock.breached" and data["clock"] == "co_handler":
            due.update((1, data["round"], kind) for kind in BRINGS[0])  # it is reminded alone
        elif kind in ("document.drafted", "document.issued") and data["step"] and is_first:
            name = (data["step"], data["round"], data["kind"])
            came[name] += 1
            if kind == "document.issued" and data["clock"] == "promise" and name[:2] not in unsigned:
                yield Clause.DOCUMENT_SIGNED(f"{subject}: {event['id']} waited for no signature")
            if came[name] > due[name]:
                yield Clause.DOCUMENT_FOUNDED(
                    f"{subject}: {event['id']} is of a step that was not told: {name}"
                )
        elif kind == "document.voided" and is_first and not _by_hand(evidence, event):
            void[data["kind"]] += 1  # overtaken before it had its number; of which step is not told
    for name, missing in (due - came).items():
        void[name[2]] -= missing
        if void[name[2]] < 0:
            yield Clause.DOCUMENT_BROUGHT(f"{subject}: {missing} of step, round and kind {name} never came")


def _by_hand(evidence: Evidence, event: Event) -> bool:
    asked = _asked(evidence, event)
    return asked is not None and str(asked["type"]).startswith("supervision.issue_document.")


def _addressed(evidence: Evidence) -> Iterator[Violation]:
    """What went out or was lifted is said to the department, and dispatch passes on all that it has read."""
    said: dict[str, list[int]] = defaultdict(list)
    whole: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    for (topic, subject, _), found in evidence.events.items():
        if topic == "supervision.orders":
            addressed = {
                seq: opened.event["data"]
                for seq, opened in found.items()
                if opened.event is not None and kind_of(opened.event) == "department.addressed"
            }
            whole[subject] += sum(data["saying"] == "issued" for data in addressed.values())
            said[subject] += [
                seq
                for seq, data in addressed.items()
                if data.get("department") and data["saying"] != "drafted"
            ]
        elif is_order(topic):
            passed[subject] += sum(
                kind_of(opened.event) in PASSED_ON for opened in found.values() if opened.event is not None
            )
    for subject, events in evidence.events_by("supervision").items():
        out = sum(kind_of(event) == "document.issued" for event in events)
        if aggregate_of(subject) == "issue" and whole[subject] < out:
            yield Clause.DEPARTMENT_TOLD(f"{subject}: {out} documents went out, {whole[subject]} were said")
    for subject in passed:
        if passed[subject] > len(said[subject]):
            yield Clause.DEPARTMENT_TOLD(
                f"{subject}: departments were told {passed[subject]} times of {len(said[subject])}"
            )
    for subject, many in said.items():
        read = _read(evidence, subject)
        if passed[subject] < sum(seq <= read for seq in many):
            yield Clause.DEPARTMENT_TOLD(f"{subject}: of {len(many)} only {passed[subject]} were passed on")


def _read(evidence: Evidence, subject: str) -> int:
    """How far dispatch has read what was said of an issue that it knows."""
    document = evidence.documents("dispatch").get(subject)
    if document is None or not document.get("state") or document.get("held"):
        return 0
    read = [seq for topic, _, seq in document.get("read", ()) if topic == "supervision.orders"]
    return max(read, default=0)
