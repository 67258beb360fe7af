"""Every command has a kind that takes it, every reason its words, every name its form: nothing is forgotten."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from services.supervision.issue.clocks import MOVES_CLOCKS
from services.supervision.issue.life import CLOCKS, ENDS
from shared.contract.event import APART, DISPATCH, FEEDBACK, INTAKE, SUPERVISION, Event
from shared.contract.registry import COMMANDS, EVENTS
from shared.contract.subjects import KINDS, id_of, kind_of, subject_of
from shared.domain.aggregates import AggregateType, models_in
from shared.domain.decisions import Reason
from shared.language import REASONS
from tests.house.tables.kinds import SERVICES, consumer, kinds, life
from tests.house.tables.metrics import all_metrics, full_name

EVERY_KIND = [pytest.param(service, kind, id=f"{service}.{kind.name}") for service, kind in kinds()]


@pytest.mark.parametrize(("service", "kind"), EVERY_KIND)
def test_a_state_carries_on_what_a_newer_version_keeps(service: str, kind: AggregateType) -> None:
    """An older worker that rewrites a document must not lose it (docs/upgrade.md)."""
    for model in {kind.state, *_models_within(kind.state)}:
        if not issubclass(model, Event):  # an entry of reference data, as it was published
            assert model.model_config.get("extra") == "allow", model


def _models_within(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            yield inner
            if not issubclass(inner, Event):
                yield from _models_within(inner)


def test_what_stops_a_clock_lets_it_run_on_or_ends_an_issue_must_be_understood() -> None:
    moves = {event for rule in CLOCKS.values() for event in (*rule.stops, *rule.resumes)}
    assert {event for event in EVENTS.values() if event.must_understand} == moves | {*ENDS, *MOVES_CLOCKS}


def test_every_command_has_exactly_one_kind_that_takes_it() -> None:
    taken = Counter(command for _, kind in kinds() for command in kind.commands)
    assert taken == Counter(COMMANDS.values())
    for service, kind in kinds():
        for command in kind.commands:
            assert (command.service, command.aggregate) == (service, kind.name), command.type


@pytest.mark.parametrize(("service", "kind"), EVERY_KIND)
def test_a_kind_reacts_only_to_events_of_topics_that_its_consumer_reads(
    service: str, kind: AggregateType
) -> None:
    assert {event.topic for event in kind.events} <= set(consumer(service).reads)
    if kind.deadlines is not None:
        assert set(kind.deadlines.wait_for) <= set(consumer(service).reads)


@pytest.mark.parametrize("service", SERVICES)
def test_a_topic_is_read_only_where_some_kind_reacts_to_it(service: str) -> None:
    assert set(consumer(service).reads) == {
        event.topic for kind in consumer(service).aggregates for event in kind.events
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_consumer_ignores_kinds_that_exist_and_are_not_its_own(service: str) -> None:
    made = consumer(service)
    own = {kind.name for kind in made.aggregates}
    assert set(made.ignores) <= set(KINDS)
    assert not own & set(made.ignores)
    for kind in made.ignores:
        assert made.kind(subject_of(kind, "x")) is None


@pytest.mark.parametrize("service", SERVICES)
def test_a_consumer_owns_or_ignores_every_kind_whose_events_it_reads(service: str) -> None:
    made = consumer(service)
    known = {kind.name for kind in made.aggregates} | set(made.ignores)
    for owner, kind in kinds():
        if f"{owner}.events" in made.reads:
            assert kind.name in known, f"{service} reads {owner}.events, where {kind.name} speaks too"


def test_every_kind_that_has_a_subject_has_an_owner() -> None:
    assert {kind.name for _, kind in kinds()} == set(KINDS)
    for name in KINDS:
        assert (kind_of(subject_of(name, "x-1")), id_of(subject_of(name, "x-1"))) == (name, "x-1")


@pytest.mark.parametrize(("service", "kind"), EVERY_KIND)
def test_a_kind_with_states_says_who_watches_each_of_them(service: str, kind: AggregateType) -> None:
    module = life(service, kind.name)
    if hasattr(module, "State"):
        assert set(module.TIMERS) == set(module.State)
        assert {state for state, _ in module.MOVES} <= {*module.State, "nothing"}
        assert set(module.MOVES.values()) <= set(module.State)


@pytest.mark.parametrize(("service", "kind"), EVERY_KIND)
def test_what_a_kind_remembers_can_be_read_again_when_nothing_was_written_but_what_differs(
    service: str, kind: AggregateType
) -> None:
    """States are stored without their defaults, so a default may never be made anew each time."""
    for name, field in kind.state.model_fields.items():
        assert field.default_factory is None, f"{service}.{kind.name}: {name}"
    assert kind.state.model_config.get("frozen"), f"{service}.{kind.name}"


def test_every_reason_has_its_words_in_both_languages() -> None:
    assert set(REASONS) == set(Reason)
    for chinese, english in REASONS.values():
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert english.isascii()


def test_type_strings_have_their_form() -> None:
    for type in EVENTS:
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+\.v[1-9]", type), type
    for type, command in COMMANDS.items():
        kind = "" if command.aggregate == "issue" else rf"{command.aggregate}\."
        assert re.fullmatch(rf"{command.service}\.{kind}{command.verb}\.v[1-9]", type), type


def test_topics_have_their_form() -> None:
    form = r"dept\.<code>\.orders|(" + "|".join((INTAKE, DISPATCH, SUPERVISION, *APART, FEEDBACK)) + ")"
    for event in EVENTS.values():
        assert re.fullmatch(form, event.topic), event.topic


def test_metrics_have_their_form() -> None:
    units = "records|seconds|total|events|deadlines|pages|missing|bytes"
    for metric in all_metrics():
        assert re.fullmatch(rf"qinqing_[a-z_]+_({units})", full_name(metric)), full_name(metric)
        assert not re.search("|".join(SERVICES), full_name(metric)), "the service is the job, not the name"
        assert not set(metric._labelnames) & {"id", "issue", "subject"}, "labels are closed"
