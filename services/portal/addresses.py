"""Addresses of pages with what they are narrowed to, and where a list goes on."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote_plus

MOST_ID_CHARS = 60
MOST_INSTANT = 2**63 - 1
"""What SQLite keeps as a whole number."""


class Place(NamedTuple):
    """The last row of a page, by what the list is sorted by and its id: where the next page goes on."""

    at: int = 0
    id: str = ""

    @property
    def written(self) -> str:
        """As it stands in an address."""
        return f"{self.at}.{self.id}"


def with_query(path: str, values: Mapping[str, str]) -> str:
    """A path with those of the values that are not empty."""
    query = "&".join(f"{name}={_quoted(value)}" for name, value in values.items() if value)
    return f"{path}?{query}" if query else path


_quoted = lru_cache(maxsize=4096)(quote_plus)
"""A page of figures has the same months and departments in hundreds of addresses."""


def read_place(text: str) -> Place | None:
    """A place as it was written; None where the list begins, and for whatever else somebody wrote there."""
    at, _, id = text.partition(".")
    is_place = at.isascii() and at.isdecimal() and len(at) < 20 and 0 < len(id) <= MOST_ID_CHARS
    return Place(int(at), id) if is_place and int(at) <= MOST_INSTANT else None
