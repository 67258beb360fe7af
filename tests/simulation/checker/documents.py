"""Documents: numbers without a gap, each told, signed by who may; what a step brings, and who hears of it.

The rules are those of clocks.md, The ladder, told a second time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, aggregate_of, kind_of

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


def check_documents(evidence: Evidence) -> Iterator[Violation]:
    """Of every register its numbers, and of every issue its documents."""
    registers: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for subject, events in evidence.events_by("supervision").items():
        if aggregate_of(subject) == "register":
            for place, event in enumerate(events, start=1):
                data = event["data"]
                if data["number"] != place:
                    yield Clause.NUMBERS(
                        f"{subject}: {event['id']} gives {data['number']}, it is the {place}."
                    )
                if (data["issue"], data["document"]) in registers[subject]:
                    yield Clause.NUMBERED_ONCE(
                        f"{subject}: {data['issue']} {data['document']} has two numbers"
                    )
                registers[subject][data["issue"], data["document"]] = data["number"]
    numbers = {name: number for found in registers.values() for name, number in found.items()}
    for subject, events in evidence.events_by("supervision").items():
        if aggregate_of(subject) == "issue":
            yield from _documents(evidence, subject, events, numbers)
            yield from _brought(evidence, subject, events)
    yield from _addressed(evidence)


def _documents(
    evidence: Evidence, subject: str, events: list[Event], numbers: Mapping[tuple[str, str], int]
) -> Iterator[Violation]:
    """What is told of each document of one issue, in order."""
    stands: dict[str, str] = {}
    kinds: dict[str, str] = {}
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
        kinds.setdefault(id, data.get("kind", ""))
        if "number" in data and numbers.get((subject, id)) != data["number"]:
            known = numbers.get((subject, id))
            yield Clause.DOCUMENT_NUMBER(
                f"{subject}: {event['id']} has the number {data['number']}, not {known}"
            )
        if what == "issued":
            yield from _signed(evidence, subject, event)


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
    asked: set[tuple[int, int, str]] = set()
    reminded: Counter[str] = Counter()
    for event in events:
        data = event["data"]
        if data.get("clock") in WITH_THE_BREACH:
            if kind_of(event) == "document.issued":
                reminded[data["clock"]] -= 1
            reminded[data["clock"]] += kind_of(event) == "clock.breached"
            if min(reminded.values()) < 0 or (kind_of(event) == "document.issued" and data["step"] != 1):
                yield Clause.DOCUMENT_FOUNDED(f"{subject}: {event['id']} reminds of what is not late")
        elif kind_of(event) == "ladder.raised" and data["because"] != "appealed":
            policy = policies.get(data["policy"])
            ladder = () if policy is None else policy["data"]["policy"].get("ladder", ())
            brings = ladder[data["step"] - 1]["documents"] if ladder else BRINGS[data["step"] - 1]
            due.update((data["step"], data["round"], kind) for kind in brings)
        elif kind_of(event) == "clock.breached" and data["clock"] == "co_handler":
            due.update((1, data["round"], kind) for kind in BRINGS[0])  # it is reminded alone
        elif kind_of(event) in ("document.drafted", "document.issued") and data["step"]:
            name = (data["step"], data["round"], data["kind"])
            if name not in due:
                yield Clause.DOCUMENT_FOUNDED(
                    f"{subject}: {event['id']} is of a step that was not told: {name}"
                )
            asked.add(name)


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
        elif topic.startswith("dept."):
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
