"""Reading a file that somebody wrote by hand: what is wrong in it comes out as sentences, never as a traceback."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shared.domain.faults import Fault, printable
from shared.language import rule_text


class WrongFile(ValueError):
    """A file that cannot be taken; each fault is one sentence that says where, what, and what would be right.

    In English; one that is a ``Fault`` can be said in another language.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(map(printable, faults))
        super().__init__("\n".join(self.faults))


def fault_at(file: str, rule: str, line: int = 0, column: str = "") -> Fault:
    """One fault with its place: the file, perhaps the line, perhaps the column by its name."""
    place = file
    if line:
        place = Fault("%(place)s, line %(line)s", place=place, line=line)
    if column:
        place = Fault("%(place)s, column %(column)s", place=place, column=column)
    return Fault("%(place)s: %(rule)s", place=place, rule=rule)


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, with or without the mark that spreadsheets write at the start."""
    try:
        # newline="": a line break inside a quoted cell stays as it is.
        with path.open(encoding="utf-8-sig", newline="") as file:
            return file.read()
    except UnicodeDecodeError:
        raise WrongFile([f"{path}: the file is not UTF-8; save it in UTF-8"]) from None
    except OSError as error:
        raise WrongFile([f"{path}: cannot be read ({error.strerror}); name a file that is there"]) from None


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file, as ``object_in``."""
    return object_in(read_text(path), str(path))


def object_in(text: str, path: str) -> dict[str, Any]:
    """The JSON object in a text; a key that stands twice in one object is a fault, not a silent choice."""
    try:
        found = json.loads(text, object_pairs_hook=_without_doubles)
    except json.JSONDecodeError as error:
        place = {"file": path, "line": error.lineno, "column": error.colno}
        where = Fault("%(file)s, line %(line)s, column %(column)s", **place)
        rule = Fault("this is no JSON (%(why)s); write one JSON object", why=error.msg)
        raise WrongFile([fault_at(where, rule)]) from None
    except _Doubled as error:
        rule = Fault("the key %(key)s is twice in one object; keep one of the two", key=repr(error.key))
        raise WrongFile([fault_at(path, rule)]) from None
    except (ValueError, RecursionError) as error:  # a number too long to read, brackets nested too deep
        rule = Fault("this cannot be read as JSON (%(why)s); write one JSON object", why=str(error))
        raise WrongFile([fault_at(path, rule)]) from None
    if not isinstance(found, dict):
        rule = Fault("write one JSON object, {...}, and not %(kind)s", kind=_kind(found))
        raise WrongFile([fault_at(path, rule, 1)])
    return found


def faults_of(error: ValidationError, where: str, language: str = "en") -> list[str]:
    """One sentence for each wrong field of a model; ``language``: that of pydantic's own rules within them."""
    found = error.errors(include_url=False)
    within = {item["loc"][:end] for item in found for end in range(len(item["loc"]))}
    faults: list[str] = []
    for item in found:
        if item["loc"] and item["loc"] in within:
            continue  # it only follows from a fault within it
        field = ".".join(str(step) for step in item["loc"])
        place = Fault("%(place)s, field %(field)s", place=where, field=field) if field else where
        faults.append(fault_at(place, _rule(item, language)))
    return faults


def _rule(item: Mapping[str, Any], language: str) -> str:
    if item["type"] == "extra_forbidden":
        return Fault("there is no such field; check how it is written, or leave it out")
    if item["type"] == "missing":
        return Fault("it is missing and needed")
    context = item.get("ctx") or {}
    raised = getattr(context.get("error"), "args", ())
    rule = rule_text(item["type"], item["msg"], context, language)
    if raised and isinstance(raised[0], Fault):
        rule = raised[0]
    if isinstance(item["input"], str | int | float | bool):
        return Fault("%(rule)s, not %(found)s", rule=rule, found=repr(str(item["input"])[:60]))
    return rule


class _Doubled(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Doubled(key)
        found[key] = value
    return found


def _kind(value: object) -> str:
    number = Fault("a number")
    names = {
        list: Fault("a list"),
        str: Fault("a text"),
        bool: Fault("true or false"),
        int: number,
        float: number,
    }
    return names.get(type(value), "null")
