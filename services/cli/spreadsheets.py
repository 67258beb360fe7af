"""Tables in files as spreadsheet programs keep them: read from xlsx, xls, ods or csv, written as xlsx or csv.

A cell that a program would take for a formula is written with an apostrophe before it, and read without.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from shared.handwritten import WrongFile, read_text

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet program would take for a formula."""
CSV = ".csv"


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
        text = read_text(path)
        head = text.partition("\n")[0]
        delimiter = (
            ";" if head.count(";") > head.count(",") else ","
        )  # programs write what is usual in their country
        table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            rows = [[Cell(undefused(cell)) for cell in row] for row in table]
        except csv.Error as error:
            raise WrongFile([f"{path}: this is no table in CSV ({error})"]) from None
    else:
        rows = [[_cell(value) for value in row] for row in _workbook(path)]
    lines = [Line(number, tuple(row)) for number, row in enumerate(rows, 1)]
    return [line for line in lines if any(cell.text for cell in line.cells)]


def write_sheet(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table, all cells as text; raises OSError where the file cannot be written."""
    if path.suffix.lower() == CSV:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([defused(cell) for cell in row] for row in (headers, *rows))
        return
    import xlsxwriter

    with path.open("wb") as target, xlsxwriter.Workbook(target, {"in_memory": True}) as book:
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


def _workbook(path: Path) -> Sequence[Sequence[object]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        return book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except CalamineError as error:
        raise WrongFile([f"{path}: this is no spreadsheet ({error}); save it as xlsx, ods or csv"]) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise WrongFile([f"{path}: cannot be read ({reason}); name a file that is there"]) from None


def _cell(value: object) -> Cell:
    """A whole number is written without the fraction that programs give it."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        whole = isinstance(value, int) or value.is_integer()
        return Cell(str(int(value)) if whole else str(value), number=True)
    return Cell(undefused(str(value)))
