"""The whole record of a talk as a table: one issue a row, read with what is wrong by row and column.

Whoever spoke is known by their phone, or by the enterprise of somebody on the list. A row has a key that follows from
its content, so that the same table records nothing twice.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from services.portal.desks.talks.about import Row
from services.portal.desks.talks.naming import MOST_CODE, MOST_NAME, MOST_PHONE
from services.portal.desks.talks.recording import OTHER, title_of
from services.portal.languages import N_, words_in
from services.portal.pages import Page
from services.portal.queries.names import Official
from services.portal.words import WORDS, phrase
from shared.contract.event import MAX_TEXT_CHARS, MAX_TITLE_CHARS
from shared.contract.words import OUTCOMES, Kind, Outcome
from shared.spreadsheets import Line

COLUMNS: Mapping[str, str] = {
    "speaker": N_("Speaker"),
    "phone": N_("Phone"),
    "enterprise": N_("Enterprise"),
    "text": N_("Word for word"),
    "title": N_("In one line"),
    "kind": N_("Kind"),
    "urgent": N_("Urgent"),
    "claimed_by": N_("Claimed by"),
    "outcome": N_("Outcome"),
    "answer": N_("What was answered"),
    "promised_on": N_("Done by"),
}
"""The columns, in any order; all but ``text`` may be left out or empty."""
MOST_ROWS, MOST_FAULTS = 300, 20
YES, NO = ("1", "是", "急", "yes", "y", "true", "x", "✓"), ("", "0", "否", "no", "n", "false")


class Said(NamedTuple):
    """One row that is right: the fields of a record, who claimed it, what was answered; "" for nothing."""

    number: int
    key: str
    fields: Mapping[str, str]
    official: str
    outcome: str
    answer: str
    promised_on: str


class Table(NamedTuple):
    """What a table says, or what is wrong in it."""

    rows: list[Said]
    faults: list[str]


class Against(NamedTuple):
    """What a row is read against: the talk, who takes part, and who of which department may claim and may answer."""

    talk: Row
    participants: Sequence[Row]
    claimers: Sequence[Official]
    leaders: Sequence[Official]


def read(page: Page, lines: Sequence[Line], against: Against) -> Table:
    """Every row; nothing counts while one is wrong."""
    if not lines:
        return Table([], [page.say("The table is empty")])
    columns = _columns(lines[0])
    if "text" not in columns:
        said, needed = page.say("Row %(row)d: these columns are missing: %(columns)s"), COLUMNS["text"]
        return Table([], [said % {"row": lines[0].number, "columns": page.say(needed)}])
    if len(lines) > MOST_ROWS + 1:
        return Table([], [page.say("The table has more than %(most)d rows") % {"most": MOST_ROWS}])
    rows, faults, seen = list[Said](), list[str](), dict[str, int]()
    for line in lines[1:]:
        cells = {
            name: line.cells[at].text.strip() if at < len(line.cells) else "" for name, at in columns.items()
        }
        row = _Reading(page, against, {**dict.fromkeys(COLUMNS, ""), **cells}).said(line.number)
        if isinstance(row, Said):
            before = seen.setdefault(row.key, line.number)
            if before == line.number:
                rows.append(row)
                continue
            row = [("text", page.say("this row says the same as row %(before)d") % {"before": before})]
        for name, rule in row:
            said = page.say("Row %(row)d, column %(column)s: %(rule)s")
            faults.append(said % {"row": line.number, "column": page.say(COLUMNS[name]), "rule": rule})
    if not faults and not rows:
        faults.append(page.say("The table has no row below its first"))
    return Table([] if faults else rows, faults[:MOST_FAULTS])


def _columns(head: Line) -> dict[str, int]:
    """name -> place of the column; named in either language, or as it is called here."""
    spoken = {name: name for name in COLUMNS}
    for language in ("zh", "en"):
        spoken |= {words_in(language).gettext(said).casefold(): name for name, said in COLUMNS.items()}
    found = {spoken.get(cell.text.strip().casefold()): at for at, cell in enumerate(head.cells)}
    return {name: at for name, at in found.items() if name}


class _Reading:
    """One row as it is read."""

    def __init__(self, page: Page, against: Against, cells: Mapping[str, str]) -> None:
        self._page, self._against, self._cells, self._say = page, against, cells, page.say
        self._wrong = list[tuple[str, str]]()

    def said(self, number: int) -> Said | list[tuple[str, str]]:
        """The row as it is recorded, or what is wrong by column."""
        cells = self._cells
        kind = self._one_of("kind", WORDS["kind"], Kind.PROBLEM)
        fields = {
            **self._speaker(),
            "text": cells["text"],
            "title": cells["title"] or title_of(cells["text"]),
            "kind": kind,
        }
        self._fits("text", MAX_TEXT_CHARS, least=1)
        self._fits("title", MAX_TITLE_CHARS)
        if cells["urgent"].casefold() not in (*YES, *NO):
            self._wrong.append(("urgent", self._say("write 是 or nothing")))
        elif cells["urgent"].casefold() in YES:
            fields["urgent"] = "1"
        outcome = self._answer(kind)
        official = self._official(is_answer=bool(cells["answer"]))
        if self._wrong:
            return self._wrong
        content = json.dumps(
            [self._against.talk["id"], {**cells, **fields}], sort_keys=True, ensure_ascii=False
        )
        key = sha256(content.encode()).hexdigest()[:32]
        return Said(number, key, fields, official, outcome, cells["answer"], cells["promised_on"])

    def _speaker(self) -> dict[str, str]:
        cells = self._cells
        for name, most in (("speaker", MOST_NAME), ("phone", MOST_PHONE)):
            self._fits(name, most)
        enterprise = cells["enterprise"]
        if cells["phone"]:
            if enterprise and len(enterprise) != MOST_CODE:
                found = self._of_enterprise(enterprise)
                enterprise = str(found[0]["enterprise"]) if found else ""
                if not found:
                    rule = self._say("write its unified social credit code of 18 characters, or leave it out")
                    self._wrong.append(("enterprise", rule))
            return {
                "speaker": OTHER,
                "phone": cells["phone"],
                "name": cells["speaker"],
                "enterprise": enterprise,
            }
        found = self._of_enterprise(enterprise) if enterprise else []
        if len(found) != 1:
            rule = self._say("write the phone of who said it, or the enterprise of one who is on the list")
            self._wrong.append(("phone" if not enterprise else "enterprise", rule))
            return {}
        return {"speaker": str(found[0]["person"])}

    def _of_enterprise(self, said: str) -> list[Row]:
        return [
            one for one in self._against.participants if said in (one["enterprise_name"], one["enterprise"])
        ]

    def _one_of(self, name: str, words: Mapping[Any, str], otherwise: str) -> str:
        said = self._cells[name]
        if not said:
            return str(otherwise)
        found = _spoken(words).get(said.casefold(), "")
        if not found:
            known = "、".join(self._say(one) for one in words.values())
            rule = self._say("write one of %(known)s, not %(found)s")
            self._wrong.append((name, rule % {"known": known, "found": said[:20]}))
        return found

    def _answer(self, kind: str) -> str:
        """What came of it; needed with an answer, and with nothing else."""
        cells = self._cells
        self._fits("answer", MAX_TEXT_CHARS)
        if not cells["answer"]:
            if cells["outcome"]:
                self._wrong.append(("answer", self._say("write what was answered, or leave the outcome out")))
            return ""
        possible = OUTCOMES.get(kind, tuple(Outcome))
        words = {one: said for one, said in WORDS["outcome"].items() if one in possible}
        if not cells["outcome"]:
            self._wrong.append(("outcome", self._say("say what came of it")))
            return ""
        outcome = self._one_of("outcome", words, "")
        if outcome == Outcome.PLANNED and not self._is_date(cells["promised_on"]):
            self._wrong.append(("promised_on", self._say("write the day as in 2026-12-31")))
        return outcome

    def _is_date(self, said: str) -> bool:
        try:
            return date.fromisoformat(said) is not None
        except ValueError:
            return False

    def _official(self, *, is_answer: bool) -> str:
        """Whose claim or answer it is: a department that is there, by name or code, or one of its people by name."""
        said = self._cells["claimed_by"]
        if not said:
            if is_answer:
                self._wrong.append(("claimed_by", self._say("write which department answered")))
            return ""
        people = self._against.leaders if is_answer else self._against.claimers
        found = [one for one in people if said in (one.name, one.department) or said in self._called(one)]
        if found:
            return found[0].account
        there = "、".join(dict.fromkeys(self._page.departments.get(one.department, "") for one in people))
        rule = self._say("no department that is there; one of %(known)s") % {"known": there or "–"}
        self._wrong.append(("claimed_by", rule))
        return ""

    def _called(self, one: Official) -> tuple[str, ...]:
        department = self._page.departments.get(one.department, one.department)
        return department, f"{department} {one.name}", f"{department}·{one.name}"

    def _fits(self, name: str, most: int, least: int = 0) -> None:
        if not least <= len(self._cells[name]) <= most:
            rule = self._say("write %(least)d to %(most)d characters")
            self._wrong.append((name, rule % {"least": least, "most": most}))


def _spoken(words: Mapping[Any, str]) -> dict[str, str]:
    """How a value of a closed list is written -> the value."""
    found = {str(one).casefold(): str(one) for one in words}
    for language in ("zh", "en"):
        found |= {words_in(language).gettext(said).casefold(): str(one) for one, said in words.items()}
    return found


def headers(page: Page) -> list[str]:
    """The columns of a table that nobody has filled in, in the page's language."""
    return [page.say(said) for said in COLUMNS.values()]


def examples(page: Page, against: Against) -> Iterator[list[str]]:
    """Rows that show how it is filled in: who is on the list, with nothing said yet."""
    for one in against.participants:
        row = dict.fromkeys(COLUMNS, "")
        row |= {"enterprise": one["enterprise_name"] or one["enterprise"] or ""}
        row |= {"kind": page.say(phrase("kind", Kind.PROBLEM))}
        if row["enterprise"]:
            yield list(row.values())
