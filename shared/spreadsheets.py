"""Tables in files as spreadsheet programs keep them: read from xlsx, xls, ods or csv, written as xlsx or csv.

A cell that a program would take for a formula is written with an apostrophe before it, and read without.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from shared.domain.faults import Fault
from shared.handwritten import WrongFile, fault_at, read_text

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet program would take for a formula."""
CSV = ".csv"
MOST_UNPACKED_BYTES = 100_000_000


class Cell(NamedTuple):
    """One cell as text; ``number``: the program keeps it as a number, which loses digits behind the fifteenth."""

    text: str
    number: bool = False


class Line(NamedTuple):
    """One row with its number as the program shows it, from 1."""

    number: int
    cells: tuple[Cell, ...]


def read_sheet(path: Path) -> list[Line]:
    """The rows of a file's first sheet that are not empty; raises WrongFile with what would be right."""
    if path.suffix.lower() == CSV:
        return read_csv(read_text(path), path)
    try:
        return read_workbook(path.read_bytes(), path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise WrongFile([f"{path}: cannot be read ({reason}); name a file that is there"]) from None


def read_csv(text: str, where: object) -> list[Line]:
    """The same of a text in CSV; ``where``: how faults name it."""
    head = text.partition("\n")[0]
    delimiter = (
        ";" if head.count(";") > head.count(",") else ","
    )  # programs write what is usual in their country
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return _lines([Cell(undefused(cell)) for cell in row] for row in table)
    except csv.Error as error:
        rule = Fault("this is no table in CSV (%(why)s)", why=str(error))
        raise WrongFile([fault_at(str(where), rule)]) from None


def read_workbook(raw: bytes, where: object) -> list[Line]:
    """The same of a workbook (xlsx, xls, ods) as it stands in a file."""
    from python_calamine import CalamineError, CalamineWorkbook

    if _unpacked_bytes(raw) > MOST_UNPACKED_BYTES:
        rule = Fault(
            "this is far too large for a table; save the one sheet that is meant as a file of its own"
        )
        raise WrongFile([fault_at(str(where), rule)])
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except CalamineError as error:
        rule = Fault("this is no spreadsheet (%(why)s); save it as xlsx, ods or csv", why=str(error))
        raise WrongFile([fault_at(str(where), rule)]) from None
    return _lines([_cell(value) for value in row] for row in rows)


def _unpacked_bytes(raw: bytes) -> int:
    """How large the parts of a packed workbook say that they are; 0 of one that is not packed, or is broken."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            return sum(part.file_size for part in packed.infolist())
    except zipfile.BadZipFile:
        return 0


def _lines(rows: Iterable[Sequence[Cell]]) -> list[Line]:
    lines = [Line(number, tuple(row)) for number, row in enumerate(rows, 1)]
    return [line for line in lines if any(cell.text for cell in line.cells)]


def write_sheet(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table, all cells as text; raises OSError where the file cannot be written."""
    if path.suffix.lower() == CSV:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([defused(cell) for cell in row] for row in (headers, *rows))
        return
    with path.open("wb") as target:
        write_workbook(target, headers, rows)


def write_workbook(target: BinaryIO, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """The same as a workbook (xlsx)."""
    import xlsxwriter

    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for column, header in enumerate(headers):
            sheet.set_column(column, column, 24)
            sheet.write_string(0, column, defused(header), bold)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, defused(cell))


def defused(text: str) -> str:
    """A text that no spreadsheet program takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def undefused(text: str) -> str:
    """The text before it was defused, without spaces around it."""
    text = text.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def _cell(value: object) -> Cell:
    """A whole number is written without the fraction that programs give it."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        whole = isinstance(value, int) or value.is_integer()
        return Cell(str(int(value)) if whole else str(value), number=True)
    return Cell(undefused(str(value)))
