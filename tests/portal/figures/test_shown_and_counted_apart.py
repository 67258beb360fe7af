"""The figures that the portal shows are those that the independent count finds in the log, and open their issues."""

import random
import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.cli.figures.figures import figures_from_log
from services.cli.figures.rates import RATES as APART
from services.cli.figures.rebuild import rebuild
from services.portal.addresses import Place
from services.portal.figures.counting import Part, Scope, issues_behind, value
from services.portal.figures.definitions import COUNTS, FIGURES, RATES, SPANS
from services.portal.figures.reporting import report
from shared.bus.records import Record
from shared.contract.envelope import Envelope, Malformed, open_envelope
from shared.contract.words import Satisfaction
from tests.contract.scripted import records as scripted
from tests.portal.projection.given import JURISDICTION, as_records, build, projected
from tests.simulation.simulation import run
from tests.unit.figures.given import LATER, START
from tests.unit.figures.test_rebuild import live

SEEDS = (0, 4, 9, 15, 20, 23)
"""With appeals, referrals, withdrawals that cross, recalls, rework, and a neighbour who says what is not so."""


def the_same(
    database: sqlite3.Connection, envelopes: Iterable[Envelope], as_of: datetime, month: str = ""
) -> None:
    """Shown and counted apart, in all and in every group."""
    apart = figures_from_log(envelopes, as_of, month or None).model_dump(mode="json")
    shown = report(database, as_of, Scope(month))
    for one in (apart, shown):
        one.pop("as_of")
    assert shown["total"] == apart["total"]
    assert shown == apart


def opened(records: Iterable[Record]) -> list[Envelope]:
    """The events of a log, without those that nobody can read, and without what others say of our issues."""
    found: dict[str, Envelope] = {}
    for record in records:
        if not record.topic.endswith(".events"):
            continue
        try:
            envelope = open_envelope(record.value, record.sha256)
        except Malformed:
            continue
        if (
            envelope.source.startswith(f"/{JURISDICTION}/")
            and (record.key or b"").decode() == envelope.subject
        ):
            found[envelope.id] = envelope
    return list(found.values())


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_lives_in_which_everything_crosses(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    log = [envelope for number in range(40) for envelope in live(number, chance).log]
    database = build(tmp_path, as_records(log))
    for as_of in (START + timedelta(days=20), LATER):
        for month in ("", "2019-04", "2019-05", "2001-01"):
            the_same(database, log, as_of, month)


def test_the_scripted_run(tmp_path: Path) -> None:
    records = projected(scripted())
    database = build(tmp_path, records)
    for days in (360 * 7, 365 * 10):
        the_same(database, opened(records), START + timedelta(days=days))


@pytest.mark.parametrize(
    "seed", [*SEEDS[::2], *(pytest.param(one, marks=pytest.mark.prove) for one in SEEDS[1::2])]
)
def test_histories_of_the_simulator(seed: int, tmp_path: Path) -> None:
    history = run(seed).moments[-1]
    records = projected(history.records)
    database = build(tmp_path, records)
    for as_of in (history.now, history.now + timedelta(days=300)):
        the_same(database, opened(records), as_of)


@pytest.fixture(scope="module")
def log() -> list[Envelope]:
    chance = random.Random(11)
    return [envelope for number in range(60) for envelope in live(number, chance).log]


@pytest.fixture(scope="module")
def town(log: list[Envelope], tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    return build(tmp_path_factory.mktemp("town"), as_records(log))


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_opens_as_many_issues_as_it_counts(name: str, town: sqlite3.Connection) -> None:
    figure, shown = FIGURES[name], value(town, name, LATER)
    for part, count in (("denominator", "denominator"), ("numerator", "numerator")):
        behind = issues_behind(town, name, part, LATER, limit=1000)
        assert len(behind) == len(set(behind)) > 0 or not shown[count]
        if figure.unit == "issue":
            assert len(behind) == shown[count], part
    if figure.is_rate and figure.unit == "issue":
        others = issues_behind(town, name, "others", LATER, limit=1000)
        assert len(others) == shown["denominator"] - shown["numerator"]


@pytest.mark.parametrize("name", APART)
def test_a_rate_opens_the_very_issues_that_an_independent_count_finds_a_part_in(
    name: str, town: sqlite3.Connection, log: list[Envelope]
) -> None:
    """Of a rate of assignments each issue once, however many of its assignments count."""
    parts = {id: APART[name][1](issue, LATER) for id, issue in rebuild(log).items()}
    expected: dict[Part, set[str]] = {
        "denominator": {id for id, (_, counted) in parts.items() if counted},
        "numerator": {id for id, (hit, _) in parts.items() if hit},
        "others": {id for id, (hit, counted) in parts.items() if counted > hit},
    }
    for part, ids in expected.items():
        behind = [id for id, _ in issues_behind(town, name, part, LATER, limit=1000)]
        assert sorted(behind) == sorted(ids), part
    twice = any(counted > 1 for _, counted in parts.values())
    assert twice or name != "sign_for", "no issue has two assignments that count: it shows nothing"


@pytest.mark.parametrize("name", FIGURES)
def test_one_figure_by_itself_is_the_one_of_the_report(name: str, town: sqlite3.Connection) -> None:
    whole = report(town, LATER)
    for department, numbers in [("", whole["total"]), *whole["departments"].items()]:
        shown = value(town, name, LATER, Scope(department=department))
        told: Any = numbers["rates"][name] if name in numbers["rates"] else numbers[name]
        if isinstance(told, int):
            assert (shown["numerator"], shown["denominator"]) == (told, told)
        else:
            assert {**shown, "withdrawn": 0} == {**told, "withdrawn": 0}


def test_issues_behind_a_figure_come_in_pages(town: sqlite3.Connection) -> None:
    whole = issues_behind(town, "registered", "denominator", LATER, limit=1000)
    paged: list[tuple[str, int]] = []
    while page := issues_behind(
        town,
        "registered",
        "denominator",
        LATER,
        limit=7,
        after=Place(paged[-1][1], paged[-1][0]) if paged else None,
    ):
        paged += page
    assert paged == whole and len(whole) == 60


def test_below_five_there_is_no_rate_and_never_is_silence_satisfaction(town: sqlite3.Connection) -> None:
    for numbers in report(town, LATER)["departments"].values():
        for rate in numbers["rates"].values():
            assert (rate["rate"] is None) == (rate["denominator"] < 5)
        rates = numbers["rates"]
        assert rates["satisfied"]["denominator"] == rates["participation"]["numerator"]
        assert rates["satisfied"]["numerator"] <= rates["satisfied_or_basically"]["numerator"]
    assert Satisfaction.SATISFIED == "satisfied"


def test_every_figure_has_its_words_in_both_languages() -> None:
    for figure in (*COUNTS, *RATES, *SPANS):
        assert figure.zh and figure.en and figure.meaning
    assert len(FIGURES) == len(COUNTS) + len(RATES)
