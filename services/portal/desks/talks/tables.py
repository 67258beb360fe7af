"""A table as people hand it in: a workbook that is chosen, or what is pasted; kept as text in the field ``content``."""

import csv
import io
from collections.abc import Iterable

from starlette.concurrency import run_in_threadpool

from services.portal.forms import Form
from services.portal.pages import Page
from shared.domain.faults import Fault
from shared.handwritten import WrongFile
from shared.spreadsheets import Line, read_csv, read_workbook

MOST_CHARS = 400_000
MOST_BYTES = 4 * MOST_CHARS


async def take(page: Page, form: Form) -> None:
    """A chosen file takes the place of what stands in the field; what is wrong with it is said at ``file``."""
    for file in form.uploads:
        raw, name = await file.read(MOST_BYTES + 1), file.filename or ""
        if len(raw) > MOST_BYTES:
            form.wrong("file", page.say("This file is too large for a table"))
            return
        try:
            if name.lower().endswith((".xlsx", ".xls", ".ods")):
                form.values["content"] = as_text(
                    await run_in_threadpool(read_workbook, raw, page.say("The file"))
                )
            else:
                form.values["content"] = raw.decode("utf-8-sig").replace("\r\n", "\n").strip()
        except UnicodeDecodeError:
            form.wrong("file", page.say("The file is not UTF-8: save it in UTF-8"))
        except WrongFile as error:
            form.wrong("file", said(page, error))


def lines_of(page: Page, content: str) -> list[Line]:
    """The rows of what stands in the field, between tabs as programs copy cells, or in CSV; raises WrongFile."""
    if "\t" in content.partition("\n")[0]:
        table = csv.reader(io.StringIO(content, newline=""), delimiter="\t")
        content = _written(table)
    return read_csv(content, page.say("The table"))


def said(page: Page, error: WrongFile) -> str:
    """What is wrong with a file, in the page's language."""
    return "\n".join(fault.said(page.say) if isinstance(fault, Fault) else fault for fault in error.faults)


def as_text(lines: Iterable[Line]) -> str:
    """A table as it stands in the field."""
    return _written([cell.text for cell in line.cells] for line in lines)


def _written(rows: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().strip()
