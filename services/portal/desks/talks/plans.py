"""A yearly plan of leaders as a table that people type or keep in a spreadsheet: read row by row, compared, written."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from services.portal.desks.talks.leaders import BODIES, account_of
from services.portal.languages import N_, words_in
from services.portal.pages import Page
from services.portal.queries import talks
from services.portal.words import WORDS
from shared.contract.commands.talks import PublishRotation
from shared.contract.event import PRINCIPAL
from shared.contract.words import Level
from shared.spreadsheets import Line

COLUMNS: Mapping[str, str] = {
    "week": N_("Week"),
    "place": N_("Place"),
    "name": N_("Name"),
    "post": N_("Post"),
    "body": N_("Leading body"),
    "account": N_("Account"),
}
"""The columns, in any order; the last may be left out."""
NEEDED = ("week", "place", "name", "post", "body")
MOST_FAULTS = 10
Weeks = Iterable[Mapping[str, Any]]
"""The turns of a plan as its event has them."""
MOST_ROWS = 5_000
MOST_ACCOUNT = 80


class Plan(NamedTuple):
    """What a table says: the weeks as they are published, or what is wrong in it."""

    weeks: list[dict[str, Any]]
    faults: list[str]


class Difference(NamedTuple):
    """A week at a place whose leaders are others than in the plan in force; "" for none."""

    week: int
    place: str
    before: str
    after: str


def read(page: Page, lines: list[Line], year: int) -> Plan:
    """The plan of a table, one leader a row: those of the same week and place lead together."""
    if not lines:
        return Plan([], [page.say("The table is empty")])
    columns = _columns(page, lines[0])
    missing = [page.say(COLUMNS[name]) for name in NEEDED if name not in columns]
    if missing:
        said = page.say("Row %(row)d: these columns are missing: %(columns)s")
        return Plan([], [said % {"row": lines[0].number, "columns": "、".join(missing)}])
    if len(lines) > MOST_ROWS:
        return Plan([], [page.say("The table has more than %(most)d rows") % {"most": MOST_ROWS}])
    last, places = talks.weeks_in(year), _places(page)
    weeks: dict[tuple[int, str], list[dict[str, str]]] = {}
    faults = list[str]()
    for line in lines[1:]:
        cells = {
            name: line.cells[at].text.strip() if at < len(line.cells) else "" for name, at in columns.items()
        }
        wrong = list(_wrong(page, cells, places, last))
        for name, rule in wrong:
            said = page.say("Row %(row)d, column %(column)s: %(rule)s")
            faults.append(said % {"row": line.number, "column": page.say(COLUMNS[name]), "rule": rule})
        if not wrong:
            place = places[cells["place"]]
            account = account_of(page, cells["name"], cells["post"], place, cells.get("account", ""))
            leader = {"account": account, "name": cells["name"], "post": cells["post"]}
            found = weeks.setdefault((int(cells["week"]), place), [])
            found.append({**leader, "body": BODIES[cells["body"]].value})
    here = page.portal.jurisdiction
    made = [
        {
            "week": week,
            "jurisdiction": place,
            "level": (Level.CITY if place == here else Level.COUNTY).value,
            "leaders": leaders,
        }
        for (week, place), leaders in sorted(weeks.items())
    ]
    if not faults and not made:
        faults.append(page.say("The table has no row below its first"))
    return Plan(made, faults[:MOST_FAULTS])


def _columns(page: Page, head: Line) -> dict[str, int]:
    """name -> place of the column; named in either language, or as the contract has it."""
    spoken = {name: name for name in COLUMNS}
    for language in ("zh", "en"):
        spoken |= {words_in(language).gettext(said).casefold(): name for name, said in COLUMNS.items()}
    found = {spoken.get(cell.text.strip().casefold()): at for at, cell in enumerate(head.cells)}
    return {name: at for name, at in found.items() if name}


def _places(page: Page) -> dict[str, str]:
    """How a place is written -> its code."""
    found = {page.portal.jurisdiction: page.portal.jurisdiction}
    for code, said in WORDS["place"].items():
        found |= dict.fromkeys((code, words_in("zh").gettext(said), words_in("en").gettext(said)), code)
    return found


def _wrong(
    page: Page, cells: Mapping[str, str], places: Mapping[str, str], last: int
) -> Iterator[tuple[str, str]]:
    week = cells["week"]
    if not (week.isascii() and week.isdecimal() and len(week) < 3 and 1 <= int(week) <= last):
        yield (
            "week",
            page.say("write a week from 1 to %(last)d, not %(found)s") % {"last": last, "found": week[:20]},
        )
    if cells["place"] not in places:
        known = "、".join(page.say(said) for said in WORDS["place"].values())
        yield "place", page.say("this place is not known; one of %(known)s") % {"known": known}
    if cells["body"] not in BODIES:
        said = page.say("write 党委, 人大, 政府 or 政协, not %(found)s")
        yield "body", said % {"found": cells["body"][:20]}
    account = cells.get("account", "")
    if len(account) > MOST_ACCOUNT or not re.match(PRINCIPAL, account):
        said = page.say("write an account without spaces, or nothing, not %(found)s")
        yield "account", said % {"found": account[:20]}
    for name, most in (("name", 40), ("post", 80)):
        if not 0 < len(cells[name]) <= most:
            yield name, page.say("write 1 to %(most)d characters") % {"most": most}


def differences(before: Weeks, weeks: Weeks) -> list[Difference]:
    """Where a plan differs from the one before it, by week and place."""
    old = {(one["week"], one["jurisdiction"]): _names(one["leaders"]) for one in before}
    new = {(one["week"], one["jurisdiction"]): _names(one["leaders"]) for one in weeks}
    return [
        Difference(*key, old.get(key, ""), new.get(key, ""))
        for key in sorted({*old, *new})
        if old.get(key, "") != new.get(key, "")
    ]


def command(weeks: list[dict[str, Any]]) -> PublishRotation:
    """What is sent; raises ValidationError."""
    return PublishRotation.model_validate({"weeks": weeks})


def _names(leaders: Iterable[Mapping[str, Any]]) -> str:
    return "、".join(f"{one['name']}（{one['post']}）" for one in leaders)


def by_place(gaps: Iterable[tuple[int, str]]) -> dict[str, str]:
    """place -> its weeks without a leader in words, from gaps (week, place) in order of time: "1–9, 11–53"."""
    found: dict[str, list[list[int]]] = {}
    for week, place in gaps:
        stretches = found.setdefault(place, [])
        if stretches and stretches[-1][-1] == week - 1:
            stretches[-1].append(week)
        else:
            stretches.append([week])
    return {
        place: ", ".join(
            f"{weeks[0]}–{weeks[-1]}" if len(weeks) > 1 else str(weeks[0]) for weeks in stretches
        )
        for place, stretches in found.items()
    }
