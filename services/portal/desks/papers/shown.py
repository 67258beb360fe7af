"""A paper as it is read, frozen or a draft: figures as lines, cases, lists; for the page and for the file."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from services.portal.desks.figures.pages import Narrowed
from services.portal.desks.papers.about import called, period_words
from services.portal.figures.counting import FEWEST
from services.portal.figures.definitions import FIGURES, Figure
from services.portal.figures.honours import BESIDE
from services.portal.figures.papers import IN_GROUPS, Draft
from services.portal.languages import N_
from services.portal.pages import Page
from services.portal.queries import names, papers
from services.portal.queries.selecting import Row
from services.portal.reach import reach_of
from services.portal.times import instant
from services.portal.words import phrase
from shared.contract.words import Honoured, HonourList
from shared.domain.papers import HEARD_BY, read_period

EVERYTHING = "registered"
"""What other counts are counts of."""
MOST_REFERENCE = 8
"""So many characters of a reference tell two entrepreneurs on a page apart."""


class Line(NamedTuple):
    """One figure: how it is called, its two numbers, and where its reader opens the issues; "" for nowhere."""

    figure: str
    name: str
    meaning: str
    numerator: int
    denominator: int
    unit: str
    is_rate: bool
    address: str

    @property
    def rate(self) -> float | None:
        """None of a count, and below five."""
        return self.numerator / self.denominator if self.is_rate and self.denominator >= FEWEST else None

    @property
    def counts(self) -> str:
        """Its numbers as they are written, 1 / 7: a count too is one of something, but for that of everything."""
        return str(self.numerator) if self.figure == EVERYTHING else f"{self.numerator} / {self.denominator}"

    @property
    def percent(self) -> str:
        """The rate as it is written; "" where there is none."""
        return "" if self.rate is None else f"{100 * self.rate:.1f} %"


class Group(NamedTuple):
    """The figures of one department, or of one month."""

    name: str
    lines: dict[str, Line]


class Case(NamedTuple):
    """A typical case."""

    issue: str
    number: str
    title: str
    words: str


class Named(NamedTuple):
    """Somebody on a list, with the numbers beside the name."""

    name: str
    department: str
    numbers: str


class Listed(NamedTuple):
    """One list, and its rule."""

    name: str
    rule: str
    named: list[Named]


class Shown(NamedTuple):
    """All of a paper in the words of its page; ``opens``: whether its reader may open the issues behind it."""

    title: str
    meeting: str
    edition: int
    preface: str
    as_of: datetime
    lines: list[Line]
    columns: list[Figure]
    departments: list[Group]
    months: list[Group]
    cases: list[Case]
    lists: list[Listed]
    opens: bool


def of_row(page: Page, row: Row) -> Shown:
    """A paper that was published, as it was frozen."""
    said = {name: json.loads(row[name]) for name in ("figures", "cases", "honours")}
    said |= {name: row[name] for name in ("kind", "period", "edition", "preface")}
    return _shown(page, said, instant(row["as_of"]), row["published_at"])


def of_draft(page: Page, draft: Draft, said: Mapping[str, Any]) -> Shown:
    """The same before it is published: ``said`` as the command has it, with its kind and period."""
    return _shown(page, said, draft.as_of, page.at)


def _shown(page: Page, said: Mapping[str, Any], as_of: datetime, at: int) -> Shown:
    kind, period = said["kind"], said["period"]
    reach = reach_of(page.person(), page.work)
    found = read_period(kind, period)
    departments = names.departments(page.reads, at, page.view.language)
    opens = reach is not None and reach.is_everything
    lines = [_line(page, one, kind, period, opens) for one in said["figures"]]
    pairs = list(zip(said["figures"], lines, strict=True))
    return Shown(
        title=called(page, kind, period),
        meeting=page.say(phrase("meeting", HEARD_BY[found.kind])) if found else "",
        edition=said["edition"],
        preface=said["preface"],
        as_of=as_of,
        lines=[line for one, line in pairs if not one["department"] and one["period"] == period],
        columns=[FIGURES[name] for name in IN_GROUPS],
        departments=_groups(
            (departments.get(one["department"], one["department"]), line) for one, line in pairs
        ),
        months=_groups(
            (period_words(page, "monthly", one["period"]) if one["period"] != period else "", line)
            for one, line in pairs
        ),
        cases=[_case(page, one, opens) for one in said["cases"]],
        lists=[_listed(page, one, departments, at) for one in said["honours"]],
        opens=opens,
    )


def _groups(lines: Iterable[tuple[str, Line]]) -> list[Group]:
    found: dict[str, Group] = {}
    for name, line in lines:
        if name:
            found.setdefault(name, Group(name, {})).lines[line.figure] = line
    return list(found.values())


def _line(page: Page, one: Mapping[str, Any], kind: str, period: str, opens: bool) -> Line:
    """A figure that this version does not know is called as it is named, and opens nothing; nor does one of nothing."""
    name, zh = one["figure"], page.view.language == "zh"
    figure, of = FIGURES.get(name), read_period("monthly", one["period"]) or read_period(kind, period)
    shows = opens and figure is not None and one["denominator"]
    chosen = Narrowed(of.months[0], one["department"], "", through=of.months[-1]) if of else None
    return Line(
        figure=name,
        name=(figure.zh if zh else figure.en) if figure else name,
        meaning=(figure.meaning_zh if zh else figure.meaning) if figure else "",
        numerator=one["numerator"],
        denominator=one["denominator"],
        unit=one["unit"],
        is_rate=figure is None or figure.is_rate,
        address=chosen.address(name) if shows and chosen else "",
    )


def _case(page: Page, one: Mapping[str, Any], opens: bool) -> Case:
    """Its title is the raiser's words as they stood when it was published, for who may read every issue."""
    title = one.get("title", "") if opens else ""
    return Case(one["issue"], papers.number_of(page.reads, one["issue"]), title, one["words"])


def _listed(page: Page, one: Mapping[str, Any], departments: Mapping[str, str], at: int) -> Listed:
    zh = page.view.language == "zh"
    honoured = one["honoured"]
    called_as = {
        Honoured.OFFICIAL: {row.account: row.name for row in names.officials(page.reads, at)},
        Honoured.DEPARTMENT: departments,
        Honoured.ENTERPRISE: {who["who"]: who["called"] for who in honoured if who.get("called")},
        Honoured.ENTREPRENEUR: {
            who["who"]: page.say(N_("An entrepreneur (%(reference)s)"))
            % {"reference": who["who"][:MOST_REFERENCE]}
            for who in honoured
        },
    }
    named = [
        Named(
            called_as.get(who["kind"], {}).get(who["who"], who["who"]),
            departments.get(who["department"], who["department"]),
            numbers_said(page, who["numbers"]),
        )
        for who in honoured
    ]
    return Listed(list_name(page, one["list"]), one["rule_zh"] if zh else one["rule_en"], named)


def list_name(page: Page, name: str) -> str:
    """How a list is called."""
    return page.say(phrase("honours", HonourList(name))) if name in tuple(HonourList) else name


def numbers_said(page: Page, numbers: Iterable[Mapping[str, Any]]) -> str:
    """The numbers beside a name, in one line."""
    return " · ".join(f"{number_name(page, one['number'])} {one['value']}" for one in numbers)


def number_name(page: Page, name: str) -> str:
    """What a number beside a name counts."""
    known = BESIDE.get(name)
    return name if known is None else known.zh if page.view.language == "zh" else known.en


def honoured_of(page: Page, name: str, one: Mapping[str, Any]) -> Named:
    """Somebody who is proposed for a list, as the paper would show them."""
    departments = names.departments(page.reads, page.at, page.view.language)
    said = {"list": name, "rule_zh": "", "rule_en": "", "honoured": [one]}
    return _listed(page, said, departments, page.at).named[0]
