"""Rows of a spreadsheet as enterprises, and back: every bad row is named with its column and what would be right."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import ValidationError

from services.intake.credit_codes import CREDIT_CODE_RULE, is_credit_code
from shared.contract.commands.people import RecordEnterprise
from shared.contract.words import EnterpriseSize
from shared.handwritten import WrongFile
from shared.language import rule_text
from shared.spreadsheets import Cell, Line

COLUMNS = {
    "code": ("统一社会信用代码", "credit code", "信用代码", "code"),
    "name": ("名称", "name", "企业名称", "enterprise"),
    "trade": ("行业", "trade", "所属行业"),
    "size": ("规模", "size", "企业规模"),
    "district": ("区县", "district", "所在区县"),
    "contacts": ("联系人编号", "contacts"),
    "revision": ("修订号", "revision"),
}
"""How each column may be called; the first two are how an export calls it in Chinese and in English."""
REASON = ("退回原因", "why left out")
"""The column that ``--rejected`` adds, and that an import leaves alone."""
NEEDED = ("code", "name")
SIZES = {
    EnterpriseSize.LARGE: ("大型", "大"),
    EnterpriseSize.MEDIUM: ("中型", "中"),
    EnterpriseSize.SMALL: ("小型", "小"),
    EnterpriseSize.MICRO: ("微型", "微"),
}


class Fault(NamedTuple):
    """What is wrong in one row: the row's number, the column as the file calls it, and what would be right."""

    row: int
    column: str
    rule: str

    def __str__(self) -> str:
        return (
            f"row {self.row}, column {self.column}: {self.rule}"
            if self.column
            else f"row {self.row}: {self.rule}"
        )


@dataclass(frozen=True)
class Row:
    """One enterprise as a row says it: only the columns that the file has. ``line``: the row itself."""

    line: Line
    code: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Sheet:
    """What a file holds: rows that can be taken, faults of the others, and columns that mean nothing here."""

    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    rejected: tuple[Line, ...]
    unknown: tuple[str, ...]


def read_rows(lines: Sequence[Line], file: str) -> Sheet:
    """The enterprises of a file's rows, the first of which names the columns; raises WrongFile without these."""
    if not lines:
        raise WrongFile([f"{file}: it is empty; its first row names the columns, such as {_names(NEEDED)}"])
    headers = tuple(cell.text for cell in lines[0].cells)
    columns = _columns(headers, file)
    rows, faults, rejected, first = list[Row](), list[Fault](), list[Line](), dict[str, int]()
    for line in lines[1:]:
        cells = {name: line.cells[at] if at < len(line.cells) else Cell("") for name, at in columns.items()}
        row, wrong = _row(line, cells, lambda name: headers[columns[name]])
        if row is not None and row.code in first:
            wrong = [
                Fault(
                    line.number, headers[columns["code"]], f"row {first[row.code]} has it; keep one of them"
                )
            ]
        if row is None or wrong:
            faults += wrong
            rejected.append(line)
            continue
        first[row.code] = line.number
        rows.append(row)
    unknown = [
        text for at, text in enumerate(headers) if text and at not in columns.values() and not is_reason(text)
    ]
    return Sheet(headers, tuple(rows), tuple(faults), tuple(rejected), tuple(unknown))


def command_of(row: Row, known: Mapping[str, Any] | None) -> RecordEnterprise:
    """What is asked for a row: columns that the file does not have stay as they are known."""
    before = known or {}
    kept = {name: before[name] for name in ("trade", "size", "district") if name in before}
    return RecordEnterprise(**{**kept, "revision": before.get("revision", 0), **row.fields})


def is_known(command: RecordEnterprise, known: Mapping[str, Any] | None) -> bool:
    """Whether what a row says is known already."""
    said = command.model_dump(mode="json", exclude={"revision"})
    if command.contacts is None:  # it says nothing of them
        del said["contacts"]
    return known is not None and all(known.get(name) == value for name, value in said.items())


def exported(known: Mapping[str, Any], *, english: bool) -> list[str]:
    """One enterprise as a row of an export."""
    size = known["size"] or ""
    shown = size if english or not size else SIZES[EnterpriseSize(size)][0]
    cells = {**known, "size": shown, "contacts": " ".join(known["contacts"])}
    return [str(cells[name]) for name in COLUMNS]


def export_headers(*, english: bool) -> list[str]:
    """How an export calls its columns."""
    return [names[english] for names in COLUMNS.values()]


def is_reason(header: str) -> bool:
    """Whether this is the column of reasons that an earlier import has added."""
    return _plain(header) in map(_plain, REASON)


def _columns(headers: Sequence[str], file: str) -> dict[str, int]:
    """Where each column stands; raises WrongFile where one is missing or stands there twice."""
    meant = {_plain(name): column for column, names in COLUMNS.items() for name in names}
    found: dict[str, int] = {}
    for at, text in enumerate(headers):
        column = meant.get(_plain(text))
        if column in found:
            raise WrongFile([f"{file}: {headers[found[column]]} and {text} mean the same; keep one of them"])
        if column is not None:
            found[column] = at
    if missing := [column for column in NEEDED if column not in found]:
        raise WrongFile([f"{file}: no column {_names(missing)}; the first row names the columns"])
    return found


def _row(line: Line, cells: Mapping[str, Cell], column: Any) -> tuple[Row | None, list[Fault]]:
    wrong: list[Fault] = []
    code = unicodedata.normalize("NFKC", cells["code"].text).replace(" ", "").replace("-", "").upper()
    if cells["code"].number:
        rule = "the program keeps it as a number and has lost digits; format the column as text and enter it anew"
        wrong.append(Fault(line.number, column("code"), rule))
    elif not is_credit_code(code):
        wrong.append(
            Fault(line.number, column("code"), f"{CREDIT_CODE_RULE}, not {cells['code'].text[:40]!r}")
        )
    fields: dict[str, Any] = {
        name: cells[name].text for name in ("name", "trade", "district") if name in cells
    }
    if "size" in cells:
        fields["size"] = _size(cells["size"].text)
    if "contacts" in cells:
        fields["contacts"] = tuple(cells["contacts"].text.split())
    if "revision" in cells and cells["revision"].text:
        fields["revision"] = cells["revision"].text
    try:
        checked = RecordEnterprise.model_validate(fields)
    except ValidationError as error:
        for item in error.errors(include_url=False):
            name = str(item["loc"][0])
            rule = rule_text(item["type"], item["msg"], item.get("ctx") or {}, "en")
            if name == "size":
                rule = f"one of {', '.join(names[0] for names in SIZES.values())}, or large, medium, small, micro"
            shown = str(cells[name].text)[:40] if name in cells else ""
            wrong.append(Fault(line.number, column(name), f"{rule}, not {shown!r}"))
        return None, wrong
    return Row(line, code, {name: getattr(checked, name) for name in fields}), wrong


def _size(text: str) -> str | None:
    if not text:
        return None
    return next((size for size, names in SIZES.items() if text in names), text.lower())


def _plain(text: str) -> str:
    """A header without what people write differently: case, width, spaces, underscores, stars of needed columns."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).replace("_", "").strip("*:")


def _names(columns: Iterable[str]) -> str:
    return ", ".join(f"{COLUMNS[column][0]} ({COLUMNS[column][1]})" for column in columns)
