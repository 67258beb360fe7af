"""`qinqing report` and `qinqing rebuild` ask the portal over HTTP; without it a report is counted from the log."""

import json
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from typer.testing import CliRunner

from services.cli import impact, rebuild, report
from services.cli.asking import EventLog
from services.cli.main import app
from services.cli.reference import owner as owners
from services.portal.projection.building import Checked, Table
from services.portal.projection.database import open_reader
from services.portal.projection.projection import UnknownNamespace
from services.portal.projection.routes import api
from services.portal.queries.impact import Impact, Move
from services.supervision.builtin import builtin_policy
from shared.identity.keys import issuers
from shared.identity.tokens import Tokens
from tests.house.repository import ROOT
from tests.keys import DATA, KEYS
from tests.portal.projection.given import JURISDICTION, as_records, build
from tests.serving import served_aside
from tests.unit.cli.owners import Owner
from tests.unit.figures.given import LATER
from tests.unit.figures.test_rebuild import live

DAY = 86_400_000
REPORT = ["report", "--month", "2019-04", "--as-of", LATER.isoformat()]


class Projected:
    """A projection that stands still; ``differing``: the tables that a check finds to differ."""

    def __init__(self, path: Path) -> None:
        self._path, self.differing = path, frozenset[str]()
        self.rebuilt = 0

    async def reader_of(self, namespace: str) -> Callable[[], sqlite3.Connection]:
        if namespace:
            raise UnknownNamespace(namespace)
        return partial(open_reader, self._path)

    def reader(self) -> sqlite3.Connection:
        return open_reader(self._path)

    async def check(self, namespace: str | None = None) -> list[Checked]:
        tables = {name: Table(7, name not in self.differing) for name in ("issue", "words")}
        return [Checked(name, 1234, 0.5, tables) for name in ("", "replay-1") if namespace in (None, name)]

    async def rebuild(self, namespace: str | None = None) -> Checked:
        self.rebuilt += 1
        return (await self.check(namespace or ""))[0]


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> Owner:
    """Supervision, which says what is published."""
    owner = Owner()
    running = SimpleNamespace(
        service_urls={"supervision": "http://o"}, data_dir=DATA, jurisdiction=JURISDICTION
    )
    monkeypatch.setattr(owners, "need_system", lambda data, as_json: running)
    monkeypatch.setattr(owners, "client_of", lambda url, auth: owner.new_client(auth))
    return owner


@pytest.fixture
def projection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Projected]:
    chance = random.Random(5)
    log = [envelope for number in range(20) for envelope in live(number, chance).log]
    build(tmp_path, as_records(log)).close()
    projected = Projected(tmp_path / "0.db")

    async def there(*_: object) -> None:
        return None

    async def from_log(*_: object) -> EventLog:
        return EventLog(log, 0)

    monkeypatch.setattr(report, "need_namespace", there)
    monkeypatch.setattr(report, "event_log", from_log)
    outer = api(projected, Tokens(issuers(KEYS), JURISDICTION), JURISDICTION)  # type: ignore[arg-type]
    with served_aside(_mounted(outer)) as url:
        _system(monkeypatch, int(url.rpartition(":")[2]))
        yield projected


def _mounted(inner: object) -> object:
    from fastapi import FastAPI

    outer = FastAPI()
    outer.mount("/api", inner)  # type: ignore[arg-type]
    return outer


def _system(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    system = SimpleNamespace(
        base_port=port - 4, data_dir=DATA, jurisdiction=JURISDICTION, kafka_bootstrap="127.0.0.1:1"
    )
    for module in (report, rebuild, impact):
        monkeypatch.setattr(module, "need_system", lambda data, as_json: system)


def test_the_portal_and_the_log_tell_the_same(projection: Projected) -> None:
    shown = CliRunner().invoke(app, [*REPORT, "--json"])
    counted = CliRunner().invoke(app, [*REPORT, "--json", "--from-log"])
    assert (shown.exit_code, counted.exit_code) == (0, 0), shown.output
    told, apart = json.loads(shown.stdout), json.loads(counted.stdout)
    for one in (told, apart):
        one.pop("as_of")
    assert told == apart and told["total"]["registered"] > 0
    assert not shown.stderr
    assert CliRunner().invoke(app, REPORT).stdout == CliRunner().invoke(app, [*REPORT, "--from-log"]).stdout


def test_without_a_portal_a_report_is_counted_from_the_log_and_says_so(
    projection: Projected, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = json.loads(CliRunner().invoke(app, [*REPORT, "--json"]).stdout)
    _system(monkeypatch, 1)
    done = CliRunner().invoke(app, [*REPORT, "--json"])
    assert done.exit_code == 0
    assert {**json.loads(done.stdout), "as_of": ""} == {**right, "as_of": ""}
    assert "the portal does not answer" in done.stderr and "event log" in done.stderr


def test_a_rebuild_shows_every_table_and_fails_where_one_differs(projection: Projected) -> None:
    done = CliRunner().invoke(app, ["rebuild", "--check"])
    assert done.exit_code == 0, done.output
    assert "(live)" in done.stdout and "replay-1" in done.stdout and "1,234 records" in done.stdout
    assert projection.rebuilt == 0
    projection.differing = frozenset({"words"})
    done = CliRunner().invoke(app, ["rebuild", "--check", "--namespace", "replay-1"])
    assert done.exit_code == 1
    assert "NOT the same" in done.stdout and "(live)" not in done.stdout
    done = CliRunner().invoke(app, ["rebuild", "--json"])
    assert (done.exit_code, projection.rebuilt) == (1, 1)
    (found,) = json.loads(done.stdout)
    assert found["same"] is False and found["tables"]["words"] == {"rows": 7, "same": False}


def test_a_rebuild_without_a_portal_says_that_there_is_none(
    projection: Projected, monkeypatch: pytest.MonkeyPatch
) -> None:
    _system(monkeypatch, 1)
    done = CliRunner().invoke(app, ["rebuild"])
    assert done.exit_code == 1
    assert "the portal does not answer" in done.stderr


def test_what_a_calendar_would_move_is_asked_of_the_portal(
    projection: Projected, owner: Owner, tmp_path: Path
) -> None:
    notice = str(ROOT / "docs/examples/invented-notice-2027.csv")
    done = CliRunner().invoke(app, ["calendar", "preview", notice, "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["clocks"], found["issues"], found["moves"]) == (0, 0, [])  # all of it is from long ago
    assert found["version"].startswith("2027-")
    assert "0 due dates move" in CliRunner().invoke(app, ["calendar", "preview", notice]).stdout
    policy = tmp_path / "policy.json"
    policy.write_text(builtin_policy().with_reply_limit("14d").model_dump_json(), encoding="utf-8")
    assert CliRunner().invoke(app, ["policy", "preview", str(policy)]).exit_code == 0
    assert owner.asked == [], "nothing is published"
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(Path(notice).read_text(encoding="utf-8") + "2027-01-01,rest,a,b\n", encoding="utf-8")
    assert CliRunner().invoke(app, ["calendar", "preview", str(wrong)]).exit_code == 2


def test_what_would_move_is_printed_with_whose_it_is_and_from_when_to_when(
    projection: Projected, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = int(datetime(2027, 1, 4, 9, 30, tzinfo=UTC).timestamp() * 1000)
    move = Move("A" * 13, "HZ-1", "promise", 1, "housing", first, first + DAY, True, False)
    moves = [
        move._replace(department="", number=""),
        move._replace(paused=True),
        move._replace(provisional=True),
    ]
    found = Impact("2027-1", (*moves, *(move._replace(issue=f"{one:013}") for one in range(18))))

    @contextmanager
    def portal(*_: object) -> Iterator[httpx.Client]:
        answer = httpx.MockTransport(lambda request: httpx.Response(200, json=found.as_json()))
        yield httpx.Client(base_url="http://portal/api", transport=answer)

    monkeypatch.setattr(impact, "portal", portal)
    notice = str(ROOT / "docs/examples/invented-notice-2027.csv")
    done = CliRunner().invoke(app, ["calendar", "preview", notice], env={"COLUMNS": "160"})
    assert done.exit_code == 0, done.output
    assert "21 due dates move, of 19 issues; nothing is published" in done.stdout
    assert "1 of them are paused, and move once they go on" in done.stdout
    rows = [tuple(cell.strip() for cell in line.split("│")[1:-1]) for line in done.stdout.splitlines()]
    assert ("housing", "20") in rows and ("-", "1") in rows
    old, new = "2027-01-04 17:30:00", "2027-01-05 17:30:00"
    assert ("A" * 13, "promise", old, new, "-") in rows
    assert ("HZ-1", "promise", old, f"{new}（暂定 / provisional）", "housing") in rows
    assert sum(row[2:4] == (old, new) for row in rows) == 19, "twenty are shown, one of them provisional"
    assert "1 more (--json has all)" in done.stdout


def test_a_namespace_that_is_not_there_is_named(projection: Projected) -> None:
    done = CliRunner().invoke(app, [*REPORT, "--namespace", "replay-9"])
    assert done.exit_code == 2
    assert "no such namespace" in done.stderr and "replay-9" in done.stderr
