"""What happened in a seed beside faults, counted under names in words: so that a test sees when something never did."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from shared.bus.records import Bad, Item, Record
from shared.bus.upgrades import UPGRADE
from shared.contract.commands.talks import HearTalk
from shared.domain.aggregates import Consumer
from shared.domain.steps import BY_ITSELF
from tests.simulation.beginning import plain_consumers
from tests.simulation.simulation import Run

Decode = Callable[[Record, Consumer], Item | Bad | None]


def happened(ran: Run, decode: Decode) -> Counter[str]:
    """Faults and visits, events by type, commands by what became of them, and what is rare."""
    events = [event for events in ran.scheduler.log.by_subject.values() for _, event in events]
    types = Counter(f"event {event['type']}" for event in events)
    refused = Counter(
        f"refused {answer.outcome['reason']}"
        for answer in ran.scheduler.answers
        if answer.outcome["status"] == "refused"
    )
    rare = Counter((*_rare(ran, events), *_mended(ran), *_answered(ran), *_upgrades(ran), *_ordered(ran)))
    rare += Counter(_talked(ran, decode))
    return ran.counts + types + refused + _asked(ran, decode) + rare


def _asked(ran: Run, decode: Decode) -> Counter[str]:
    """``asked <kind> <verb> done|refused`` for what became of commands."""
    verbs: dict[str, tuple[str, str]] = {}
    for topic, parts in ran.scheduler.log.topics.items():
        for raw in (raw for part in parts for raw in part if topic.endswith(".commands")):
            item = decode(raw.record, plain_consumers()[topic.partition(".")[0]])
            if isinstance(item, Item) and hasattr(item.data, "verb"):
                verbs[item.id] = (item.data.aggregate, item.data.verb)  # type: ignore[union-attr]
    return Counter(
        "asked {} {} {}".format(*verbs[answer.command], answer.outcome["status"])
        for answer in ran.scheduler.answers
        if answer.command in verbs
    )


def _rare(ran: Run, events: list[dict[str, Any]]) -> Iterator[str]:
    documents = [
        document
        for collection in ran.scheduler.collections.values()
        for document in collection.everything().values()
    ]
    yield from ("swept" for document in documents if document.get("sweeps"))
    yield from ("old outcomes moved out" for document in documents if document.get("older"))
    fired = Counter(
        event["cause"] for event in events if str(event.get("cause", "")).startswith("timer/timer:due/")
    )
    yield from ("several thresholds at once" for count in fired.values() if count > 1)
    policies = _in_force(events, "policy.published.v1")
    merged = {
        event["subject"].removeprefix("dept:"): event["time"]
        for event in events
        if event["type"] == "department.published.v1" and event["data"]["merged_into"]
    }
    given = {str(event.get("cause")) for event in events if event["type"] == "issue.assigned.v1"}
    over = {event["id"] for event in events if event["type"] == "pause.ended.v1"}
    for event in events:
        data = event["data"]
        if event["type"] == "assignment.co_handler_added.v1" and str(event.get("cause")) in given:
            yield "co-handler named at once"
        if event["type"] == "promise.started.v1":
            newest = max((at, version) for at, version in policies if at <= event["time"])
            if data["policy"] != newest[1]:
                yield "promise by an older policy"
        elif event["type"] in ("issue.assigned.v1", "assignment.transferred.v1"):
            if event["time"] > merged.get(data["department"], event["time"]):
                yield "given to a merged department"
            if data.get("why") == "merger":
                yield "handed over"
        elif event["type"] in ("pause.ended.v1", "extension.ended.v1"):
            yield f"{event['type'].removesuffix('.v1')} because {data['because']}"
        elif event["type"] == "assignment.co_handler_released.v1":
            yield f"co_handler_released because {data['because']}"
        elif event["type"] == "assignment.co_handler_heard.v1":
            yield "co-handler agrees" if data["agrees"] else "co-handler objects"
        elif event["type"] == "clock.breached.v1" and data["clock"] == "co_handler":
            yield "co-handler late"
        elif event["type"] == "document.issued.v1" and data["kind"] == "reminder" and data["by"]:
            yield "reminded by hand"
        elif event["type"] == "document.drafted.v1" and data["kind"] in BY_ITSELF:
            yield f"{data['kind']} waits for a signature"
        elif event["type"] == "clock.recalculated.v1":
            yield f"moved because {data['because']}"
        elif event["type"] == "document.answered.v1" and "dept/dept:" in str(event.get("cause")):
            yield "a department's system answers an order"
        elif event["type"] == "explanation.given.v1" and "dept/dept:" in str(event.get("cause")):
            yield "a department's system explains a breach"
        elif event["type"].endswith("given_up.v1") and data["why"] == "overtaken":
            yield f"overtaken in {event['source'].rpartition('/')[2]}: {data['about']}"
        elif event["type"] == "clock.breached.v1":
            yield f"late {data['clock']}"
            if event.get("cause") in over:
                yield "found breached by the late end of a pause"
        elif event["type"] == "ladder.raised.v1":
            yield f"raised to {data['step']}"
            yield f"raised because {data['because']}"
        elif event["type"] == "ladder.lifted.v1":
            yield f"lifted because {data['because']}"
        elif event["type"] == "tracking.opened.v1":
            yield f"listed because {data['because']}"
        elif event["type"] in ("tracking.reviewed.v1", "look_back.done.v1"):
            state = "tracked" if data["because"] == "tracked" else "closed"
            yield f"found {data.get('finding', 'not_yet')} when {state}"
        elif event["type"] == "department.addressed.v1" and data["saying"] == "look_back":
            yield "reminded of a look-back"


def _mended(ran: Run) -> Iterator[str]:
    """Mistakes that were mended late."""
    for events in ran.scheduler.log.by_subject.values():
        before: set[str] = set()
        for _, event in events:
            match event["type"]:
                case "assignment.recalled.v1" if "rework.decided.v1" in before:
                    yield "recalled in a new round"
                case "assignment.returned.v1" if event["data"]["assignment"] in before:
                    yield "returned after signing"
                case "talk.attended.v1" if "talk.held.v1" in before:
                    yield "attendance recorded after the end"
                case "issue.disclosed.v1" if "issue.restored.v1" in before:
                    yield "public again"
                case "reply.corrected.v1" if "issue.closed.v1" in before:
                    yield "corrected after the close"
                case "assignment.signed.v1":
                    before.add(event["data"]["assignment"])
            before.add(event["type"])


def _ordered(ran: Run) -> Iterator[str]:
    """What stands on the topics of orders, which clients do not look at."""
    for topic, parts in ran.scheduler.log.topics.items():
        for raw in (raw for part in parts for raw in part if topic.endswith(".orders")):
            try:
                event = json.loads(raw.value or b"")
                yield f"event {event['type']}"
            except (ValueError, KeyError, TypeError):
                continue  # what somebody scribbled there
            if event["type"] == "order.due_changed.v1":
                about = {"holding": "of their own time", "co_handler": "of an opinion"}
                because = f"because {event['data']['because']}"
                yield f"date told {about.get(event['data']['clock'], because)}"


def _answered(ran: Run) -> Iterator[str]:
    """Answers to questions that had ended by the time they were read."""
    for events in ran.scheduler.log.by_subject.values():
        told = [event for _, event in events]
        ended = {
            event["data"]["request"]: event["data"]["because"]
            for event in told
            if event["type"] == "pause.ended.v1"
        }
        for event in told:
            late = event["type"] == "issue.material_supplied.v1"
            if late and ended.get(event["data"]["request"]) == "time_over":
                yield "answered too late"


STOOD = {"expected": "to come", "unknown": "never announced"}


def _talked(ran: Run, decode: Decode) -> Iterator[str]:
    """What talks told their issues, and how often; what was claimed while no promise ran."""
    told: Counter[tuple[str, str, int]] = Counter()
    chunks: dict[tuple[str, int], set[str]] = {}
    for raw in (raw for part in ran.scheduler.log.topics.get("intake.commands", ()) for raw in part):
        item = decode(raw.record, plain_consumers()["intake"])
        if not isinstance(item, Item) or not isinstance(item.data, HearTalk):
            continue
        heard = item.data
        if not heard.news:
            yield f"joined a talk that was {STOOD.get(heard.what, heard.what)}"
            continue
        chunks.setdefault((heard.talk, heard.news), set()).add(item.id.rpartition(">")[0])
        told[heard.talk, item.subject, heard.news] += 1
    yield from ("told in more than one chunk" for causes in chunks.values() if len(causes) > 1)
    yield from ("told again" for times in told.values() if times > 1)
    for events in ran.scheduler.log.by_subject.values():
        kinds = [event["type"] for _, event in events]
        if "issue.claimed.v1" in kinds and "promise.expected.v1" in kinds:
            before = kinds[: kinds.index("issue.claimed.v1")]
            yield from ("claimed before the promise" for _ in range("promise.started.v1" not in before))
        for _, event in events:
            what, data = event["type"].split(".")[1], event["data"]
            if what in ("claimed", "answered_on_the_spot") and data.get("recorded_by"):
                yield f"written down of a department: {what}"
            if event["type"] == "promise.started.v1" and data.get("departments"):
                yield "said at a talk, recorded after its end"


def _upgrades(ran: Run) -> Iterator[str]:
    """What older versions passed over or held, and newer ones found."""
    for answer in ran.scheduler.answers:
        if answer.command.startswith(f"{UPGRADE}/"):
            yield "handed in after an upgrade"


def _in_force(events: list[dict[str, Any]], type: str) -> list[tuple[str, str]]:
    """(instant as text, version) of everything published, and of what there was at first."""
    found = [
        (event["data"]["in_force_from"], event["data"]["version"])
        for event in events
        if event["type"] == type
    ]
    return [("", "default-1"), *found]
