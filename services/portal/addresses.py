"""Addresses of pages with what they are narrowed to, and where a list goes on."""

from collections.abc import Mapping
from urllib.parse import urlencode

MOST_ID_CHARS = 60


def with_query(path: str, values: Mapping[str, str]) -> str:
    """A path with those of the values that are not empty."""
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{path}?{query}" if query else path


def place_of(at: int, id: str) -> str:
    """The last row of a page, by what the list is sorted by and its id: where the next page goes on."""
    return f"{at}.{id}"


def read_place(text: str) -> tuple[int, str] | None:
    """The same read again; None where the list begins, and for whatever else somebody wrote there."""
    at, _, id = text.partition(".")
    is_place = at.isascii() and at.isdecimal() and len(at) <= 15 and 0 < len(id) <= MOST_ID_CHARS
    return (int(at), id) if is_place else None
