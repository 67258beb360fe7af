"""What each role finds in the bar on top, and where it begins."""

from collections.abc import Callable
from sqlite3 import Connection
from typing import NamedTuple


class Link(NamedTuple):
    """One entry of the bar: where it leads, its phrase, and how many things wait there (None: that is not counted)."""

    address: str
    phrase: str
    count: Callable[[Connection], int] | None = None


class Menu(NamedTuple):
    """The pages of one role. ``says`` tells in one phrase what somebody in that role does here."""

    home: str
    name: str
    says: str
    icon: str
    links: tuple[Link, ...] = ()
