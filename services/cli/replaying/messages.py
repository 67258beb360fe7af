"""A CSV file of messages with their replies, read and checked row by row before anything is imported."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shared.contract.event import MAX_TEXT_CHARS, MAX_TITLE_CHARS

MAX_ID_CHARS, MAX_AUTHOR_CHARS = 200, 80
"""Both become parts of a command's id, which holds 500 characters."""
COLUMNS = ("message_id", "author", "subject", "submitted_at", "text", "reply", "replied_at")

MOST_CHARS = {
    "message_id": MAX_ID_CHARS,
    "author": MAX_AUTHOR_CHARS,
    "subject": MAX_TITLE_CHARS,
    "text": MAX_TEXT_CHARS,
    "reply": MAX_TEXT_CHARS,
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message: instants are aware; ``reply`` and ``replied_at`` are None where there is none."""

    line: int
    message_id: str
    author: str
    title: str
    text: str
    submitted_at: datetime
    reply: str | None
    replied_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in the file: where, and what would be right."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.column}: {self.reason}"


def read_messages(path: Path) -> tuple[list[Message], list[Fault]]:
    """The good rows in the file's order, and every fault. A file that cannot be read at all is one fault."""
    messages: list[Message] = []
    faults: list[Fault] = []
    lines: dict[str, int] = {}
    try:
        for line, row in _rows(path):
            found = list(_faults(path.name, line, row, lines))
            faults += found
            if not found:
                lines[row["message_id"]] = line
                messages.append(_message(line, row))
    except OSError as error:
        faults.append(Fault(path.name, 1, "file", f"cannot be read: {error.strerror}"))
    except (UnicodeDecodeError, csv.Error) as error:
        faults.append(Fault(path.name, 1, "file", f"cannot be read as UTF-8 CSV: {error}"))
    except _NoHeader as error:
        faults.append(Fault(path.name, 1, "header", str(error)))
    return messages, faults


class _NoHeader(ValueError):
    pass


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line on which the row begins, row); a row may span several lines."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = next(reader, [])
        missing = [column for column in COLUMNS if column not in header]
        if missing:
            raise _NoHeader(f"lacks {', '.join(missing)}; the columns are {','.join(COLUMNS)}")
        begin = reader.line_num + 1
        for values in reader:
            if values:
                row = dict(zip(header, values, strict=False))
                if len(values) != len(header):
                    row["__fields__"] = f"{len(values)} fields, the header has {len(header)}"
                yield begin, row
            begin = reader.line_num + 1


def _faults(file: str, line: int, row: dict[str, str], lines: dict[str, int]) -> Iterator[Fault]:
    if "__fields__" in row:
        yield Fault(file, line, "row", row["__fields__"])
        return
    identity = row["message_id"].strip()
    if not identity:
        yield Fault(file, line, "message_id", "is empty; every message needs an id of its own")
    elif identity in lines:
        yield Fault(file, line, "message_id", f"{identity} stands on line {lines[identity]} already")
    for column in ("subject", "text"):
        if not row[column].strip():
            yield Fault(file, line, column, "is empty")
    for column, most in MOST_CHARS.items():
        if (length := len(row[column])) > most:
            yield Fault(file, line, column, f"has {length} characters; at most {most} are allowed")
    submitted = yield from _instant(file, line, row, "submitted_at", required=True)
    replied = yield from _instant(file, line, row, "replied_at", required=False)
    if replied is not None and not row["reply"].strip():
        yield Fault(file, line, "reply", "is empty although replied_at is given")
    if replied is None and row["reply"].strip() and not row["replied_at"].strip():
        yield Fault(file, line, "replied_at", "is empty although there is a reply")
    if submitted is not None and replied is not None and replied < submitted:
        yield Fault(file, line, "replied_at", "is before submitted_at")


def _instant(file: str, line: int, row: dict[str, str], column: str, *, required: bool):  # type: ignore[no-untyped-def]
    text = row[column].strip()
    if not text:
        if required:
            yield Fault(file, line, column, "is empty; write an instant such as 2019-04-25T09:32:09+08:00")
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        yield Fault(file, line, column, f"{text[:40]!r} is no instant; write 2019-04-25T09:32:09+08:00")
        return None
    if at.tzinfo is None:
        yield Fault(file, line, column, f"{text!r} has no offset; write 2019-04-25T09:32:09+08:00")
        return None
    return at


def _message(line: int, row: dict[str, str]) -> Message:
    reply = row["reply"] if row["replied_at"].strip() else None
    return Message(
        line,
        row["message_id"].strip(),
        row["author"].strip(),
        row["subject"].strip(),
        row["text"],
        datetime.fromisoformat(row["submitted_at"].strip()),
        reply,
        datetime.fromisoformat(row["replied_at"].strip()) if reply is not None else None,
    )
