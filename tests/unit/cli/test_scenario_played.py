"""A town of every shape, played through the four real consumers in memory: no step is refused, every state is there."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from services.cli.replaying.lives import Entry
from services.cli.scenario.plan import Place, Town, plan
from services.cli.scenario.script import Planned
from services.cli.scenario.shapes import SHAPES, TALK_SHAPES
from services.dispatch import builtin as directory
from services.dispatch.issue.life import State as DispatchState
from services.feedback.issue.life import TIMERS
from services.feedback.issue.life import State as FeedbackState
from services.intake.history import prepared
from services.intake.issue.life import State as IntakeState
from services.intake.talk.life import State as TalkState
from services.supervision import builtin
from services.supervision.issue.life import State as SupervisionState
from shared.bus.document import Stored
from shared.bus.gateway import Request, sealed
from shared.bus.records import Outgoing
from shared.contract.command import Command
from shared.contract.commands.people import Described, RegisterPerson
from shared.contract.registry import COMMANDS
from shared.contract.words import Phase, Series
from shared.domain.clocks import SHANGHAI
from shared.history import Entry as Posted
from shared.service import BUILTIN, SYSTEM
from tests.contract.world import JURISDICTION, World
from tests.keys import REFERENCES
from tests.said import registering

DAY = date(2026, 11, 26)
OTHER_DAYS = [
    date(2026, 10, 4),  # the national holiday
    date(2026, 2, 23),  # the week after the new year's
    date(2027, 1, 3),  # a year whose notice is not out
    date(2026, 7, 19),  # a Sunday
]


class TownWorld(World):
    """The four services in memory, asked as the driver of history asks: at times of its own."""

    def __init__(self, made: Town, on: date) -> None:
        super().__init__(datetime.combine(on - timedelta(days=99), time(1), SHANGHAI))
        self.town, self._until = made, datetime.combine(on, time(16), SHANGHAI)
        self.outcomes: dict[str, Mapping[str, Any]] = {}
        self._prepared = prepared(registering(JURISDICTION), self)  # type: ignore[arg-type]
        first = [
            *directory.first_commands(JURISDICTION, with_people=True),
            *builtin.first_commands(JURISDICTION, builtin.builtin_policy()),
        ]
        for subject, command in first:
            request = Request(subject, command, BUILTIN, SYSTEM, f"{subject}/{command.verb}")
            self._let_happen(sealed(request, f"/{JURISDICTION}/{command.service}"))

    async def get(self, subject: str) -> Stored | None:
        """An issue as intake's store has it."""
        return self.stores["intake"].documents.get(subject)

    def play(self) -> None:
        """Every step in the order of its instant, each deadline before what comes after it; then up to now."""
        steps = [
            (step.at, entry)
            for course in self.town.courses
            if isinstance(course, Planned)
            for step in course.steps
            for entry in step.entries
        ]
        for at, entry in sorted(steps, key=lambda step: step[0]):
            self.go_to(at)
            self.post(entry)
        self.go_to(self._until)

    def post(self, entry: Entry) -> Mapping[str, Any]:
        """One step; its outcome."""
        request = Request(entry["subject"], self._command(entry), "history", entry["actor"], entry["key"])
        source = f"/{JURISDICTION}/{entry['type'].partition('.')[0]}"
        outcome: Mapping[str, Any] = self._let_happen(sealed(request, source))[request.id]
        self.outcomes[request.id] = outcome
        return outcome

    def _command(self, entry: Entry) -> Command:
        if entry["type"] == RegisterPerson.type:
            described = {
                name: entry["data"][name] for name in Described.model_fields if name in entry["data"]
            }
            return RegisterPerson(**dict.fromkeys(("name", "phone", "mail"), "c2VhbGVk" * 6), **described)
        if (prepare := self._prepared.get(entry["type"])) is None:
            return COMMANDS[entry["type"]].model_validate(entry["data"])
        posted = Posted.model_validate(entry)
        command = asyncio.run(prepare(posted, [posted]))  # type: ignore[arg-type]
        assert command is not None
        return command

    def issues(self, service: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(subject, state) of every issue in one service."""
        for subject, document in self.stores[service].documents.items():
            if document["kind"] == "issue":
                yield subject, document["state"]


@pytest.fixture(scope="module")
def played() -> TownWorld:
    return town_of(DAY)


def town_of(on: date) -> TownWorld:
    world = TownWorld(plan(on, 1, Place(JURISDICTION, REFERENCES)), on)
    world.play()
    return world


def states(world: TownWorld, service: str) -> Counter[str]:
    return Counter(state["state"] for _, state in world.issues(service))


def test_no_step_of_the_plan_is_refused(played: TownWorld) -> None:
    refused = {id: outcome for id, outcome in played.outcomes.items() if outcome["status"] != "done"}
    assert refused == {}
    assert len(played.outcomes) > 1500


@pytest.mark.prove
@pytest.mark.parametrize("on", OTHER_DAYS, ids=str)
def test_it_is_so_on_every_day_of_a_year(on: date) -> None:
    world = town_of(on)
    test_no_step_of_the_plan_is_refused(world)
    test_every_state_that_a_service_knows_is_there(world)
    talks_of_every_state(world)
    test_each_of_the_invented_people_of_the_plain_path_finds_something_to_do(world)
    test_something_is_late_and_time_alone_did_it(world)


def test_every_state_that_a_service_knows_is_there(played: TownWorld) -> None:
    assert {*states(played, "intake")} == {*IntakeState}
    assert {*states(played, "dispatch")} == {*DispatchState}
    assert {*states(played, "feedback")} == {
        state for state in FeedbackState if TIMERS[state] != "passed through at once"
    }
    assert {*states(played, "supervision")} == {*SupervisionState}


def test_talks_are_there_in_every_state_with_issues_from_before_at_and_after(played: TownWorld) -> None:
    talks_of_every_state(played)
    at_talks = [state for _, state in played.issues("intake") if (state.get("occasion") or {}).get("id")]
    assert {state.get("phase") for state in at_talks} == {*Phase}
    told = Counter(event["type"] for event in events(played, "dispatch.events"))
    assert told["issue.claimed.v1"] >= 2 and told["issue.answered_on_the_spot.v1"] >= 2


def talks_of_every_state(world: TownWorld) -> None:
    talks = [one["state"] for one in world.stores["intake"].documents.values() if one["kind"] == "talk"]
    assert {talk["state"] for talk in talks} == {*TalkState}
    assert {talk["series"] for talk in talks} >= {Series.WEEKLY, Series.ROUND_TABLE, Series.SERVICE_DAY}
    coming = [talk for talk in talks if talk["state"] == TalkState.ANNOUNCED]
    assert len(coming) >= 3 and all(talk["participants"] for talk in coming)
    assert any(talk.get("moves") for talk in coming), "one was moved to another day"
    wu = REFERENCES.person("wu")
    brought = [one for talk in coming for one in talk["participants"] if one["person"] == wu]
    assert brought and brought[0]["issue"], "wu has signed up with a question"
    waits = [state for _, state in world.issues("intake") if state.get("waiting")]
    assert len(waits) >= 3, "what was collected waits for its talk"
    assert all(state["waiting"].get("again_at") is None for state in waits), "each has heard of its talk"


def test_each_of_the_invented_people_of_the_plain_path_finds_something_to_do(played: TownWorld) -> None:
    in_dispatch = dict(played.issues("dispatch"))
    for state in ("registered", "waiting", "returned", "signed_off", "checked"):
        assert any(issue["state"] == state for issue in in_dispatch.values()), f"the office: {state}"
    at_housing = Counter(
        issue["state"] for issue in in_dispatch.values() if issue.get("department") == "housing"
    )
    assert at_housing["assigned"], "li has something to sign for"
    assert at_housing["in_progress"], "and to draft"
    assert at_housing["drafted"], "zhou has something to sign off"
    wu = REFERENCES.person("wu")
    hers = [state["state"] for _, state in played.issues("feedback") if state.get("person") == wu]
    assert "invited" in hers, "wu has a reply to rate"
    assert "known" in hers and "closed" in hers, "one on its way, and one that is over"


def test_something_is_late_and_time_alone_did_it(played: TownWorld) -> None:
    told = Counter(event["type"] for event in events(played, "supervision.events"))
    assert told["clock.breached.v1"] >= 8 and told["clock.warned.v1"] >= 5
    late = {
        clock["clock"] if "clock" in clock else clock.get("name")
        for event in events(played, "supervision.events")
        if event["type"] == "clock.breached.v1"
        for clock in [event["data"]]
    }
    assert {"assign", "sign", "promise"} <= late
    lapsed = [event for event in events(played, "feedback.events") if event["type"] == "rating.lapsed.v1"]
    assert lapsed
    drafted = {
        event["data"]["kind"]
        for event in events(played, "supervision.events")
        if event["type"] == "document.drafted.v1"
    }
    assert {"yellow_card", "red_card", "interview"} <= drafted, "something waits for a signature"


def test_each_issue_became_what_its_shape_is_called_after(played: TownWorld) -> None:
    found = {name: dict(played.issues(name)) for name in played.stores}
    for subject, shape in played.town.shapes.items():
        in_dispatch = found["dispatch"][subject]["state"]
        plain = shape.removeprefix("wu_").removesuffix("_housing").removesuffix("_late").removesuffix("_red")
        if plain in {*DispatchState} - {"replied"}:
            assert in_dispatch == plain or (plain == "closed"), (subject, shape, in_dispatch)
        if plain in ("closed", "lapsed", "finished", "kept", "transferred", "rework_refused"):
            assert in_dispatch == "closed", (subject, shape)
    assert {*played.town.shapes.values()} - {*TALK_SHAPES} == {*SHAPES}


def test_all_of_it_delivered_twice_changes_nothing(played: TownWorld) -> None:
    before = {name: json.dumps(store.documents, default=str) for name, store in played.stores.items()}
    published = {topic: len(records) for topic, records in played.log.items()}
    made = played._processors

    async def again() -> None:
        for name, consumer in played.consumers.items():
            records = [record for topic in consumer.topics for record in played.log[topic]]
            for start in range(0, len(records), 250):
                await made[name].run(records[start : start + 250])

    sent: list[Outgoing] = []

    async def publish(outgoing: Any) -> None:
        sent.extend(outgoing)

    for processor in made.values():
        processor._publish = publish
    asyncio.run(again())
    assert {name: json.dumps(store.documents, default=str) for name, store in played.stores.items()} == before
    known = {record.value for records in played.log.values() for record in records}
    assert [out.topic for out in sent if out.value not in known] == []
    assert {topic: len(records) for topic, records in played.log.items()} == published


def test_what_was_cut_off_is_posted_again_from_the_first_step_and_happens_once() -> None:
    world = TownWorld(plan(DAY, 2, Place(JURISDICTION, REFERENCES), 80), DAY)
    world.play()
    before = json.dumps([store.documents for store in world.stores.values()], default=str)
    first = dict(world.outcomes)
    for course in world.town.courses:
        assert isinstance(course, Planned)
        for step in course.steps:
            course.done(step, [world.post(entry) for entry in step.entries])
    assert json.dumps([store.documents for store in world.stores.values()], default=str) == before
    other = [id for id, outcome in world.outcomes.items() if outcome != first[id]]
    assert all(world.outcomes[id]["reason"] == "id_reused" for id in other), "sealed otherwise by now"
    assert len(other) < 5


def events(world: TownWorld, topic: str) -> Iterator[dict[str, Any]]:
    for record in world.log[topic]:
        yield json.loads(record.value or b"")


def test_a_stranger_finds_opinions_questions_and_look_backs(played: TownWorld) -> None:
    told = Counter(event["type"] for event in events(played, "dispatch.events"))
    heard = [
        event["data"] for event in events(played, "dispatch.events") if "co_handler_heard" in event["type"]
    ]
    assert {said["agrees"] for said in heard} == {True, False}
    assert told["assignment.co_handler_added.v1"] > len(heard), "somebody is waited for"
    assert told["assignment.enterprise_asked.v1"] >= 2
    found = [event for event in events(played, "supervision.events") if event["type"] == "look_back.done.v1"]
    assert {event["data"]["finding"] for event in found} == {"kept", "broken"}
    assert any(event["type"] == "tracking.reviewed.v1" for event in events(played, "supervision.events"))
