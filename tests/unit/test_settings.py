"""Which names and values a service takes, and what is said of those that it does not take."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.settings import Settings, database_name, namespace_fault


@pytest.mark.parametrize("name", ["Replay-1", "replay-1.x", "replay-水", "replay-" + "x" * 50, "replay-1/2"])
def test_a_name_that_no_topic_or_database_may_have_is_refused_with_what_it_may_be(name: str) -> None:
    with pytest.raises(ValidationError, match="small letters, digits and hyphens"):
        Settings(namespace=name, history=True)


def test_no_jurisdiction_has_the_name_of_a_replays_namespace() -> None:
    with pytest.raises(ValidationError, match="replay-"):
        Settings(jurisdiction="replay-county")


def test_the_right_names_are_taken() -> None:
    assert (
        Settings(namespace="replay-20260302-090000", history=True).topic_prefix() == "replay-20260302-090000."
    )
    assert Settings(namespace="wuxing").database("intake") == "wuxing_intake"
    assert namespace_fault("", history=False) == ""


def test_no_two_namespaces_share_a_database() -> None:
    names = ["a-b", "a", "b"]
    assert len({database_name(service, name) for service in ("intake", "dispatch") for name in names}) == 6


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("outcome_seconds", "nan"),
        ("outcome_seconds", "inf"),
        ("outcome_seconds", "0"),
        ("outcome_seconds", "-1"),
        ("outcome_seconds", "61"),
        ("body_bytes", "0"),
        ("body_bytes", "1000000000"),
        ("http_port", "-1"),
        ("http_port", "99999"),
        ("log_level", "LOUD"),
        ("batch_timeout_ms", "1000000000"),
    ],
)
def test_a_value_that_no_service_could_work_with_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"QINQING_{name.upper()}", value)
    with pytest.raises(ValidationError, match=f"^1 validation error for Settings\n{name}\n"):
        Settings()


@pytest.mark.parametrize(
    "values",
    [
        {"outcome_seconds": 60, "body_bytes": 10_000_000, "http_port": 65_535, "batch_timeout_ms": 5_000},
        {"outcome_seconds": 0.1, "body_bytes": 1_000, "http_port": 0, "log_level": "DEBUG"},
    ],
)
def test_the_smallest_and_largest_values_are_taken(values: dict[str, Any]) -> None:
    assert Settings(**values).model_dump() == {**Settings().model_dump(), **values}


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7"])
def test_people_are_invented_on_loopback_alone(host: str) -> None:
    with pytest.raises(ValidationError, match="invented_people: only a system on loopback"):
        Settings(invented_people=True, http_host=host)
    assert Settings(invented_people=True).invented_people


def test_the_live_namespace_takes_history_at_its_beginning_alone() -> None:
    with pytest.raises(ValidationError, match="history has a namespace of its own"):
        Settings(history=True)
    with pytest.raises(ValidationError, match="beginning: only of history"):
        Settings(beginning=True)
    with pytest.raises(ValidationError, match="is kept for history"):
        Settings(history=True, beginning=True, namespace="replay-1")
    begins = Settings(history=True, beginning=True)
    assert (begins.topic_prefix(), begins.database("intake")) == ("", "intake")
    assert not begins.apart, "orders go to departments, and clocks have their grace"
    assert Settings(history=True, namespace="replay-1").apart
    with pytest.raises(ValidationError, match="reply_limit: only a history namespace takes one"):
        Settings(history=True, beginning=True, reply_limit="14d")


def test_a_reply_limit_is_one_that_a_policy_takes_and_only_of_history() -> None:
    assert Settings(namespace="replay-1", history=True, reply_limit="14d").reply_limit == "14d"
    with pytest.raises(ValidationError, match="reply_limit: 'soon' is not a limit"):
        Settings(namespace="replay-1", history=True, reply_limit="soon")
    with pytest.raises(ValidationError, match="reply_limit: only a history namespace takes one"):
        Settings(reply_limit="14d")
