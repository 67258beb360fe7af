"""Which department an issue belongs to: keyword rules over title and text, with the reason in words."""

import json
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple


class Department(NamedTuple):
    code: str
    name_zh: str
    name_en: str
    head: str
    keywords: tuple[str, ...]


@lru_cache(maxsize=1)
def directory() -> dict[str, Department]:
    entries = json.loads(Path(__file__).with_name("departments.json").read_text("utf-8"))
    return {entry["code"]: Department(**{**entry, "keywords": tuple(entry["keywords"])}) for entry in entries}


def route(title: str, text: str) -> tuple[str, str]:
    best, found = "office", 0
    for code, department in directory().items():
        count = sum(3 * (word in title) + (word in text) for word in department.keywords)
        if count > found:
            best, found = code, count
    return best, "keywords"
