"""Every command has a service that takes it, and every reason its words: nothing is declared and then forgotten."""

import importlib
import re

import pytest

from shared.bus.room import Room
from shared.calendar import base_calendar
from shared.clocks import default_policy
from shared.commands import COMMANDS
from shared.events import EVENTS
from shared.language import REASONS
from shared.metrics import Metrics
from shared.moves import Reason

SERVICES = ("intake", "dispatch", "supervision", "feedback")


def room_of(service: str) -> Room:
    module = importlib.import_module(f"services.{service}.bus")
    room: Room = module.room(
        jurisdiction="any", history=False, policy=default_policy(), calendar=base_calendar()
    )
    return room


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_takes_exactly_the_commands_that_name_it(service: str) -> None:
    named = {command for command in COMMANDS.values() if command.service == service}
    assert set(room_of(service).commands) == named


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_takes_only_facts_of_topics_it_reads(service: str) -> None:
    room = room_of(service)
    assert {fact.topic for fact in room.facts} <= set(room.reads)


@pytest.mark.parametrize("service", SERVICES)
def test_a_state_can_be_written_and_read_again_by_its_shape_alone(service: str) -> None:
    assert room_of(service).state.model_json_schema()["properties"]["state"]


def test_every_reason_has_its_words_in_both_languages() -> None:
    assert set(REASONS) == set(Reason)
    for chinese, english in REASONS.values():
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert english.isascii()


def test_type_strings_have_their_form() -> None:
    for kind in EVENTS:
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+\.v[1-9]", kind), kind
    for kind, command in COMMANDS.items():
        assert re.fullmatch(rf"{command.service}\.[a-z_]+\.v[1-9]", kind), kind


def test_topics_have_their_form() -> None:
    services = "|".join(SERVICES)
    form = (
        rf"({services})\.events|dept\.<code>\.(orders|replies)|matters\.(shared|closed)|directives\.<county>"
    )
    for event in EVENTS.values():
        assert re.fullmatch(form, event.topic), event.topic


def test_metrics_have_their_form() -> None:
    units = "records|seconds|total|events|deadlines"
    for metric in Metrics("intake").registry.collect():
        full = f"{metric.name}_total" if metric.type == "counter" else metric.name
        assert re.fullmatch(rf"qinqing_intake_[a-z_]+_({units})", full), full
