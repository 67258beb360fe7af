"""Reading a file that somebody wrote by hand: what is wrong in it comes out as sentences, never as a traceback."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shared.language import rule_text


class WrongFile(ValueError):
    """A file that cannot be taken; each fault is one sentence that says where, what, and what would be right."""

    def __init__(self, faults: Iterable[str]) -> None:
        # What a terminal cannot show is written out, so that it stops nobody from reading the rest.
        self.faults = tuple(fault.encode("utf-8", "backslashreplace").decode() for fault in faults)
        super().__init__("\n".join(self.faults))


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
        where = f"{path}, line {error.lineno}, column {error.colno}"
        raise WrongFile([f"{where}: this is no JSON ({error.msg}); write one JSON object"]) from None
    except _Doubled as error:
        raise WrongFile(
            [f"{path}: the key {error.key!r} is twice in one object; keep one of the two"]
        ) from None
    except (ValueError, RecursionError) as error:  # a number too long to read, brackets nested too deep
        raise WrongFile([f"{path}: this cannot be read as JSON ({error}); write one JSON object"]) from None
    if not isinstance(found, dict):
        raise WrongFile([f"{path}, line 1: write one JSON object, {{...}}, and not {_kind(found)}"])
    return found


def faults_of(error: ValidationError, where: str) -> list[str]:
    """One sentence for each wrong field of a model."""
    found = error.errors(include_url=False)
    within = {item["loc"][:end] for item in found for end in range(len(item["loc"]))}
    faults = []
    for item in found:
        if item["loc"] and item["loc"] in within:
            continue  # it only follows from a fault within it
        steps = [str(step) for step in item["loc"]]
        rule = rule_text(item["type"], item["msg"], item.get("ctx") or {}, "en")
        if item["type"] == "extra_forbidden":
            rule = "there is no such field; check how it is written, or leave it out"
        elif item["type"] == "missing":
            rule = "it is missing and needed"
        elif isinstance(item["input"], str | int | float | bool):
            rule += f", not {str(item['input'])[:60]!r}"
        faults.append(f"{where}, field {'.'.join(steps)}: {rule}" if steps else f"{where}: {rule}")
    return faults


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
    names = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")
