"""`qinqing whatif`: what it prints of a history under other rules, and how it ends where it cannot."""

import json
import re
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.cli.supposing.rules import Rules
from services.supervision.builtin import builtin_policy
from shared.bus.records import Record
from shared.bus.reference import take_in
from shared.contract.envelope import seal
from shared.domain.calendar import Calendar
from shared.domain.clocks import Limit, Policy
from shared.domain.reference import Reference
from tests.contract.scripted import records
from tests.keys import DATA
from tests.unit.one_aggregate import MONDAY
from tests.unit.reference import make_reference
from tests.unit.supervision.test_co_handlers import co_handler

PORTAL = "http://127.0.0.1:18404"
HEADER = "date,kind,name,source\n"
LAST = max(
    str(json.loads(record.value or b"{}").get("time", ""))
    for record in records()
    if record.topic.endswith(".events")
)
"""Until when the scripted run went on: what falls due later is on no record."""


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """The records of the scripted run, as a broker has them; a test may add to them."""
    found = list(records())

    async def read_all(_: str, topics: Iterable[str], prefix: str = "") -> AsyncIterator[Record]:
        for record in found:
            if record.topic in topics:
                yield record

    async def topic_names(_: str, prefix: str = "") -> list[str]:
        return ["intake.events"] if prefix in ("", "replay-1.") else []

    running = SimpleNamespace(kafka_bootstrap="", portal_url=PORTAL, data_dir=DATA)
    monkeypatch.setattr("shared.bus.reader.read_all", read_all)
    monkeypatch.setattr("shared.bus.reader.topic_names", topic_names)
    monkeypatch.setattr("services.cli.whatif.need_system", lambda data, as_json: running)
    return found


def typed(*words: object, **environment: str) -> Result:
    """What is typed, looking no further than the end of the run unless it says so itself."""
    ends = () if "--until" in words or "--namespace" in words else ("--until", LAST)
    environment = {"COLUMNS": "200", **environment}
    return CliRunner().invoke(app, ["whatif", *map(str, (*words, *ends))], env=environment)


def answered(*words: object) -> Any:
    """What it prints with --json, when it ends well."""
    result = typed(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*words: object) -> str:
    """The sentence with which it ends, the same in both forms."""
    result, as_json = typed(*words), typed(*words, "--json")
    assert (result.exit_code, as_json.exit_code) == (2, 2), result.output
    assert not isinstance(result.exception, Exception)
    return str(json.loads(as_json.stdout)["error"])


def policy(folder: Path, wanted: Policy | None = None, **changed: Any) -> Path:
    path = folder / "policy.json"
    known = (wanted or builtin_policy()).model_dump(mode="json")
    path.write_text(json.dumps(known | changed), encoding="utf-8")
    return path


def newest_calendar() -> Calendar:
    """The one that is published last in the scripted run."""
    reference = Reference()
    for record in records():
        if record.topic == "supervision.reference":
            take_in(reference, record)
    return reference.calendars.all()[-1]


def notice(folder: Path, more: str = "") -> Path:
    """The notice of 2026 as it is published in the end, with more rows."""
    path = folder / "notice.csv"
    days = [day for day in newest_calendar().days.values() if day.on.year == 2026]
    rows = [f"{day.on},{'work' if day.is_work else 'rest'},{day.name},{day.source}\n" for day in days]
    path.write_text(HEADER + "".join(rows) + more, encoding="utf-8")
    return path


def test_with_the_rules_in_force_nothing_is_different(tmp_path: Path, log: list[Record]) -> None:
    same = ("--policy", policy(tmp_path), "--calendar", notice(tmp_path))
    said = answered(*same)
    assert (said["differing"], said["due_dates_moved_in"], said["not_played"]) == ([], 0, [])
    assert said["policy"] == "default-1" and said["calendar"] == newest_calendar().version
    assert said["issues"] > 10 and said["deadlines"] > 30 and said["events"] > 200
    assert said["breaches"]["promise"]["before"] == said["breaches"]["promise"]["after"] > 0
    assert "没有差别" in typed(*same).stdout


def test_every_number_names_its_issues_and_each_is_opened(tmp_path: Path, log: list[Record]) -> None:
    stricter = policy(tmp_path, builtin_policy().with_reply_limit("1wd"))
    said = answered("--policy", stricter)
    behind = {
        *(id for change in said["breaches"].values() for id in change["more"] + change["fewer"]),
        *(id for change in said["steps"].values() for id in change["more"] + change["fewer"]),
        *(id for rate in said["rates"].values() for id in rate["changed"]),
    }
    assert behind == {one["id"] for one in said["differing"]} != set()
    for name in ("breaches", "steps"):
        for change in said[name].values():
            assert change["before"] <= change["after"] and not change["fewer"]
    one = said["differing"][0]
    assert one["open"] == f"{PORTAL}/issues/{one['id']}"
    assert one["follow"] == f"qinqing follow issue {one['id']} --once"
    assert one["steps"][0] != one["steps"][1] and one["promised"][0] > one["promised"][1]


def test_the_tables_show_before_and_after_and_the_issues_that_differ_most(
    tmp_path: Path, log: list[Record]
) -> None:
    stricter = policy(tmp_path, builtin_policy().with_reply_limit("1wd"))
    shown = typed("--policy", stricter, "--most", "1").stdout
    first, *others = answered("--policy", stricter)["differing"]
    assert first["number"] in shown and others[0]["number"] not in shown
    assert f"{len(others)} more" in shown
    for words in (
        "承诺答复 promise",
        "红灯 red_light",
        "按时答复",
        "nothing was changed",
        "follow issue NUMBER",
    ):
        assert words in shown
    assert "follow issue" not in typed("--policy", stricter, "--most", "0").stdout


def test_on_a_terminal_each_number_of_the_table_opens_its_issue(tmp_path: Path, log: list[Record]) -> None:
    stricter = ("--policy", policy(tmp_path, builtin_policy().with_reply_limit("1wd")))
    differing = answered(*stricter)["differing"]
    shown = typed(*stricter, "--most", len(differing), FORCE_COLOR="1", TERM="xterm").stdout
    links = re.findall(r"\x1b\]8;[^;]*;([^\x1b]+)\x1b\\(?:\x1b\[[\d;]*m)?([\w-]+)", shown)
    assert links == [(f"{PORTAL}/issues/{one['id']}", one["number"]) for one in differing] != []


def test_the_issues_behind_one_number_are_listed_alone(tmp_path: Path, log: list[Record]) -> None:
    stricter = ("--policy", policy(tmp_path, builtin_policy().with_reply_limit("1wd")))
    everything = answered(*stricter)
    steps = {step: set(change["more"]) for step, change in everything["steps"].items() if change["more"]}
    step, behind = min(steps.items(), key=lambda one: len(one[1]))
    alone = answered(*stricter, "--of", f"step-{step}")
    assert {one["id"] for one in alone["differing"]} == behind
    assert len(behind) < len(everything["differing"])
    assert answered(*stricter, "--of", "sign")["differing"] == []
    assert "the same in every issue" in typed(*stricter, "--of", "sign").stdout
    assert "there are" in refused(*stricter, "--of", "step-7")


def test_one_more_rest_day_in_the_notice_moves_dates_and_breaches_no_more(
    tmp_path: Path, log: list[Record]
) -> None:
    said = answered("--calendar", notice(tmp_path, "2026-03-09,rest,停工,市政府通知\n"))
    assert said["due_dates_moved_in"] > 0 and said["policy"] is None
    assert all(not change["more"] for change in said["breaches"].values())
    assert said["calendar"] != newest_calendar().version


def test_what_began_before_since_is_as_it_was_and_nothing_after_until_counts(
    tmp_path: Path, log: list[Record]
) -> None:
    stricter = ("--policy", policy(tmp_path, builtin_policy().with_reply_limit("1wd")))
    everything = answered(*stricter)
    promised_at = {
        (record.key or b"").decode(): envelope["time"]
        for record in log
        if (envelope := json.loads(record.value or b"{}")).get("type") == "promise.started.v1"
    }
    differing = {one["id"] for one in everything["differing"]}
    youngest = max(differing, key=lambda id: promised_at[id])
    since = datetime.fromisoformat(promised_at[youngest])
    for at, is_other in ((since, True), (since + timedelta(milliseconds=1), False)):
        found = answered(*stricter, "--since", at.isoformat())
        (one,) = [one for one in found["differing"] if one["id"] == youngest] or [None]
        moved = one is not None and one["promised"][0] != one["promised"][1]
        assert moved is is_other
        assert found["since"] == at.isoformat()
    early = answered(*stricter, "--until", "2026-03-02T09:00:00+08:00")
    assert (early["issues"], early["breaches"]) == (0, {})


def test_in_a_replay_the_end_is_the_last_event_and_a_policy_has_no_grace(
    tmp_path: Path, log: list[Record]
) -> None:
    graceless = builtin_policy().model_copy(update={"version": "patient", "grace_seconds": 604_800})
    said = answered("--policy", policy(tmp_path, graceless), "--namespace", "replay-1")
    assert said["breaches"]["promise"]["after"] == said["breaches"]["promise"]["before"]
    last = max(
        json.loads(record.value or b"{}").get("time", "")
        for record in log
        if record.topic.endswith(".events")
    )
    assert datetime.fromisoformat(said["until"]) == datetime.fromisoformat(last)
    assert "no such namespace" in refused("--policy", policy(tmp_path), "--namespace", "replay-2")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--policy FILE, --calendar FILE"),
        (("--policy", "none.json"), "none.json: cannot be read"),
        (("--policy", "p", "--since", "yesterday"), "--since: 'yesterday' is no instant"),
        (("--policy", "p", "--until", "2026-03-01"), "--until: '2026-03-01' has no offset"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_before_anything_is_read(
    words: tuple[str, ...], said: str
) -> None:
    assert said in refused(*words)


def test_a_file_that_cannot_be_taken_is_refused_with_rule_and_place(
    tmp_path: Path, log: list[Record]
) -> None:
    known = builtin_policy().model_dump(mode="json")
    assert "limits lacks promise" in refused(
        "--policy", policy(tmp_path, limits={name: "1wd" for name in known["limits"] if name != "promise"})
    )
    assert "ladder[5]: step 6 (matters_list) is missing" in refused(
        "--policy", policy(tmp_path, ladder=known["ladder"][:5])
    )
    assert "'default-1' is published already with other content" in refused(
        "--policy", policy(tmp_path, grace_seconds=60)
    )
    twice = notice(tmp_path, "2026-10-01,rest,国庆,通知\n")
    assert "2026-10-01 is here twice" in refused("--calendar", twice)
    after_all = ("--policy", policy(tmp_path), "--since", "2999-01-01T00:00:00+08:00")
    assert "is after" in refused(*after_all)


def test_odd_records_are_counted_and_an_issue_that_no_arithmetic_can_count_is_named(
    tmp_path: Path, log: list[Record]
) -> None:
    def put(number: int, type: str, data: dict[str, Any], at: datetime) -> None:
        raw = seal(
            id=f"x{number}", type=type, source="/huzhou/intake", subject="ODD", time=at, data=data, seq=number
        )
        log.append(Record("intake.events", 0, number, 0, b"ODD", raw))

    at = datetime(2160, 1, 1, tzinfo=UTC)
    put(1, "issue.registered.v1", {"number": "x"}, at.replace(year=2026))
    promise = {"started_at": at.isoformat(), "due_at": at.isoformat(), "limit": "10wd"}
    put(2, "promise.started.v1", promise | {"policy": "none", "calendar": "none"}, at.replace(year=2026))
    log.append(Record("intake.events", 0, 3, 0, b"ODD", b"{"))
    said = answered("--policy", policy(tmp_path))
    assert (said["not_played"], said["unreadable"], said["differing"]) == (["ODD"], 1, [])
    result = typed("--policy", policy(tmp_path))
    assert "ODD" in result.stdout and "1 条记录无法读取" in result.stderr


def test_a_co_handler_is_counted_anew_by_the_other_policy_and_keeps_what_began_before() -> None:
    shorter = builtin_policy().model_copy(
        update={"version": "p2", "limits": {**builtin_policy().limits, "co_handler": Limit("1wd")}}
    )
    given = co_handler()
    rules = Rules.supposing(make_reference(), shorter, since=MONDAY)
    counted = rules.co_handler(given, MONDAY)
    assert (counted.policy, counted.limit) == ("p2", "1wd")
    assert (counted.due_at, counted.calendar) == (given.due_at - timedelta(days=2), given.calendar)
    assert rules.co_handler(given, MONDAY - timedelta(hours=1)) == given
