"""Reference data: what is in force when, what is missing, and what a second merger or a newer writer may not break."""

from datetime import UTC, datetime, timedelta

import pytest

from services.dispatch import consumer as dispatch
from services.supervision import consumer as supervision
from shared.bus.records import Record
from shared.bus.reference import take_in
from shared.contract.envelope import seal
from shared.contract.events.dispatch import DepartmentPublished, RulesPublished
from shared.contract.events.supervision import CalendarPublished
from shared.contract.subjects import subject_of
from shared.domain.reference import BEGINNING, NotPublished, Reference, Versions
from tests.unit.reference import JURISDICTION, builtin_events, make_reference

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def department(version: str, *, merged_into: str = "", at: datetime = BEGINNING) -> DepartmentPublished:
    return DepartmentPublished(
        version=version,
        in_force_from=at,
        name_zh="局",
        name_en="Bureau",
        level="city",
        head="局长",
        merged_into=merged_into,
        by="chen",
    )


def test_the_version_in_force_is_the_latest_that_has_begun_and_a_name_means_one_version_for_ever() -> None:
    versions: Versions[str] = Versions("policy")
    versions.add("a", NOW, "first")
    versions.add("b", NOW + timedelta(days=1), "second")
    versions.add("a", NOW, "never")
    assert versions.at(NOW) == "first"
    assert versions.at(NOW + timedelta(days=2)) == "second"
    assert versions.named("a") == "first"
    with pytest.raises(NotPublished):
        versions.at(NOW - timedelta(days=1))
    with pytest.raises(NotPublished):
        versions.named("c")


def test_of_two_versions_from_the_same_instant_the_later_published_one_is_in_force() -> None:
    versions: Versions[str] = Versions("policy")
    for number in range(12):
        versions.add(str(number), NOW, str(number))
    assert versions.at(NOW) == "11"


def test_nothing_is_missing_once_all_departments_that_the_rules_name_are_there() -> None:
    reference = Reference()
    assert reference.missing() == ["policy", "calendar", "departments", "rules"]
    events = builtin_events()
    for subject, event in sorted(events, key=lambda pair: not isinstance(pair[1], RulesPublished)):
        assert reference.missing(), subject
        reference.learn(subject, event)
    assert reference.missing() == []


def test_mergers_that_were_decided_at_once_close_no_circle() -> None:
    reference = make_reference()
    for code, into in (("tax", "finance"), ("finance", "housing"), ("housing", "tax")):
        reference.learn(subject_of("department", code), department("9", merged_into=into, at=NOW))
    directory = reference.directory(NOW)
    assert [directory.successor(code) for code in ("tax", "finance", "housing")] == ["housing"] * 3
    housing = directory.department("housing")
    assert housing is not None
    assert housing.merged_into == ""


def test_a_calendar_that_a_newer_version_wrote_with_more_columns_is_read() -> None:
    rows = [["2027-01-01", False, "元旦", "通知", "huzhou"]]
    data = {
        "version": "x",
        "in_force_from": NOW.isoformat(),
        "published_through": 2027,
        "days": rows,
        "by": "li",
    }
    (day,) = CalendarPublished.read(data).days
    assert (day.on.isoformat(), day.is_work, day.name) == ("2027-01-01", False, "元旦")


def test_a_policy_under_a_mistyped_jurisdiction_is_no_aggregate_of_this_one() -> None:
    owned = supervision.consumer(JURISDICTION)
    assert owned.kind(subject_of("policy", JURISDICTION)) is not None
    assert owned.kind(subject_of("policy", "huzou")) is None
    assert dispatch.consumer(JURISDICTION).kind(subject_of("rules", "huzou")) is None


def test_a_rework_after_a_merger_that_is_read_late_goes_to_the_successor_by_now() -> None:
    reference = make_reference()
    merged = department("9", merged_into="finance", at=NOW)
    reference.learn(subject_of("department", "tax"), merged)
    assert reference.directory(NOW - timedelta(days=1)).successor("tax") == "tax"
    assert reference.successor("tax") == "finance"


def test_a_version_that_its_reader_fails_on_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the reader begins again at the first record each second, and comes to this one again."""
    subject, event = next(iter(builtin_events()))
    body = event.model_dump(mode="json")
    raw = seal(id="1", type=event.type, source="/x", subject=subject, time=NOW, data=body, seq=1)
    record = Record("dispatch.reference", 0, 0, 0, subject.encode(), raw)
    assert take_in(Reference(), record) is not None

    def fail(self: Reference, subject: str, event: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Reference, "learn", fail)
    assert take_in(Reference(), record) is None
