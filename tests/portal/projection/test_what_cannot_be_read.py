"""What came too early waits, what cannot be read is counted and passed over: nothing stops the projection."""

import json
from pathlib import Path

import pytest

from services.portal.projection.batch import Applier
from services.portal.projection.database import create
from tests.portal.projection.given import AT_MS, ISSUE, JURISDICTION, Topics, build, rows
from tests.unit.cli.test_reading_topics import ISSUE as OTHER_ISSUE
from tests.unit.cli.test_reading_topics import ODD as OTHERWISE_ODD

REGISTERED = {"number": "7K3M-9QXT-2B4N-6C"}
ACCEPTED = {"title": "路灯不亮", "text": "北门外", "by": "chen"}


def test_what_comes_before_its_predecessor_waits_and_is_applied_with_it(tmp_path: Path) -> None:
    topics = Topics()
    first = topics.tell("intake", "issue.registered.v1", REGISTERED)
    second = topics.tell("intake", "issue.accepted.v1", ACCEPTED)
    third = topics.tell("intake", "issue.withdrawn.v1", {})
    database = create(tmp_path / "p.db")
    applier = Applier(database, JURISDICTION)
    applier.apply([third])
    applier.apply([second, third])
    assert [held["seq"] for held in rows(database, "held")] == [2, 3]
    assert not rows(database, "issue") and not rows(database, "timeline")
    changed = applier.apply([first])
    assert changed.subjects == {ISSUE}
    assert not rows(database, "held")
    assert rows(database, "issue")[0]["state"] == "withdrawn"
    assert [told["seq"] for told in rows(database, "timeline")] == [1, 2, 3]


def test_a_type_that_this_version_does_not_know_still_stands_in_the_timeline(tmp_path: Path) -> None:
    topics = Topics()
    topics.tell("intake", "issue.blessed.v9", {"by": "chen", "how": "much"})
    topics.tell("intake", "issue.registered.v1", REGISTERED)
    database = build(tmp_path, topics.records)
    told = rows(database, "timeline")[0]
    assert (told["type"], told["who"], told["at"]) == ("issue.blessed.v9", "chen", AT_MS)
    assert json.loads(told["data"]) == {"by": "chen", "how": "much"}
    assert rows(database, "issue")[0]["state"] == "registered"
    assert not rows(database, "unreadable") and not rows(database, "not_understood")


def test_an_issue_of_which_something_must_be_understood_and_is_not_is_marked(tmp_path: Path) -> None:
    topics = Topics()
    topics.tell("intake", "issue.frozen.v1", {}, mustunderstand=True)
    (marked,) = rows(build(tmp_path, topics.records), "not_understood")
    assert (marked["subject"], marked["type"]) == (ISSUE, "issue.frozen.v1")


ODD = {
    "no JSON": b"[" * 100_000,
    "nothing": b"",
    "half a character": b'{"specversion":"1.0","id":"x","type":"issue.accepted.v1","source":"/huzhou/intake","seq":1,'
    b'"time":"2026-03-02T01:00:00Z","subject":"7K3M9QXT2B4N6","data":{"title":"\\ud800","text":"t","by":"b"}}',
    "a number that no store holds": b'{"specversion":"1.0","id":"x","type":"rating.invited.v1",'
    b'"source":"/huzhou/intake","seq":99999999999999999999,"time":"2026-03-02T01:00:00Z",'
    b'"subject":"7K3M9QXT2B4N6","data":{}}',
    "no time": b'{"specversion":"1.0","id":"x","type":"issue.accepted.v1","source":"/huzhou/intake","seq":1,'
    b'"subject":"7K3M9QXT2B4N6","data":{}}',
    "a list": b"[1,2,3]",
}


@pytest.mark.parametrize("what", ODD)
def test_a_record_that_is_no_event_is_counted_and_its_place_is_taken_up(what: str, tmp_path: Path) -> None:
    topics = Topics()
    topics.put("intake.events", ISSUE, ODD[what], seq=1)
    topics.tell("intake", "issue.registered.v1", REGISTERED, seq=2)
    database = build(tmp_path, topics.records)
    assert rows(database, "unreadable") == [{"topic": "intake.events", "records": 1}]
    assert rows(database, "issue")[0]["state"] == "registered"
    assert [marked["seq"] for marked in rows(database, "not_understood")] == [1]


@pytest.mark.parametrize("what", OTHERWISE_ODD)
def test_what_an_independent_reader_counts_as_unreadable_is_so_here(what: str, tmp_path: Path) -> None:
    topics = Topics()
    topics.put("intake.events", OTHER_ISSUE, OTHERWISE_ODD[what])
    database = build(tmp_path, topics.records)
    assert rows(database, "unreadable") == [{"topic": "intake.events", "records": 1}]
    assert not rows(database, "issue")


@pytest.mark.parametrize("key", [None, "\ud7ff" * 600, "somebody else"])
def test_a_record_under_a_wrong_key_is_counted_and_is_nobodys(key: str | None, tmp_path: Path) -> None:
    topics = Topics()
    right = topics.tell("intake", "issue.registered.v1", REGISTERED)
    topics.put("intake.events", key, right.value)
    database = build(tmp_path, [topics.records[1]])
    assert rows(database, "unreadable")[0]["records"] == 1
    assert not rows(database, "issue")


def test_a_record_that_was_changed_on_its_way_is_counted(tmp_path: Path) -> None:
    topics = Topics()
    right = topics.tell("intake", "issue.registered.v1", REGISTERED)
    topics.put(
        "intake.events", ISSUE, (right.value or b"").replace(b"7K3M-", b"7K4M-"), 1, right.sha256 or ""
    )
    database = build(tmp_path, [topics.records[1]])
    assert rows(database, "unreadable")[0]["records"] == 1
    assert not rows(database, "issue")


@pytest.mark.parametrize(
    "data",
    [
        {"title": 7, "text": "t", "by": "b"},
        {"title": {"a": 1}, "text": "t", "by": "b"},
        {"title": "t", "text": "t", "by": "b", "corrected": [1]},
        {"title": "t", "text": "t", "by": "b", "corrected": {"version": 2**70, "title": "", "text": ""}},
    ],
)
def test_data_of_another_shape_change_no_row_at_all(data: dict[str, object], tmp_path: Path) -> None:
    topics = Topics()
    topics.tell("intake", "issue.registered.v1", REGISTERED)
    topics.tell("intake", "issue.accepted.v1", data)
    topics.tell("intake", "issue.withdrawn.v1", {"reason": "好了"})
    database = build(tmp_path, topics.records)
    (issue,) = rows(database, "issue")
    assert (issue["state"], issue["accepted_at"], issue["title"]) == ("withdrawn", None, None)
    assert rows(database, "unreadable") == [{"topic": "intake.events", "records": 1}]
    assert [marked["seq"] for marked in rows(database, "not_understood")] == [2]


def test_what_the_database_itself_refuses_costs_that_record_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics = Topics()
    topics.tell("intake", "issue.registered.v1", REGISTERED)
    topics.tell("intake", "issue.registered.v1", REGISTERED, "ANOTHER000000")
    database = create(tmp_path / "p.db")
    applier = Applier(database, JURISDICTION)
    database.execute(
        "CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.issue WHEN new.id = '7K3M9QXT2B4N6' "
        "BEGIN SELECT raise(ABORT, 'too odd'); END"
    )
    changed = applier.apply(topics.records)
    assert (changed.unreadable, [issue["id"] for issue in rows(database, "issue")]) == (1, ["ANOTHER000000"])
    assert applier.positions() == {("intake.events", 0): 2}


def test_what_another_source_says_of_an_issue_is_told_and_makes_no_rows(tmp_path: Path) -> None:
    topics = Topics()
    topics.tell("intake", "issue.registered.v1", REGISTERED)
    topics.tell("intake", "issue.withdrawn.v1", {}, source="/deqing/intake")
    database = build(tmp_path, topics.records)
    assert rows(database, "issue")[0]["state"] == "registered"
    assert len(rows(database, "timeline")) == 2


def test_a_countys_mirrored_events_make_rows_of_its_own_issues(tmp_path: Path) -> None:
    topics = Topics()
    theirs = {"source": "/deqing/intake", "topic": "deqing.intake.events"}
    topics.tell("intake", "issue.registered.v1", REGISTERED, **theirs)
    (issue,) = rows(build(tmp_path, topics.records), "issue")
    assert (issue["state"], issue["jurisdiction"]) == ("registered", "deqing")


def test_reference_data_that_cannot_be_read_is_counted(tmp_path: Path) -> None:
    topics = Topics()
    topics.version("dispatch", "staff.published.v1", "staff:li", {"version": "1", "name": 7})
    topics.put("dispatch.reference", "staff:li@2", b"{}")
    topics.put("dispatch.reference", "staff:li@3", None)
    database = build(tmp_path, topics.records)
    assert rows(database, "unreadable") == [{"topic": "dispatch.reference", "records": 3}]
    assert not rows(database, "staff")
