"""What each role finds in the bar on top, and where it begins."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from services.portal.pages import Page


MOST_SAID = 99
"""More than so many are said as 99+, and counted no further: the bar stands on every page."""


class Link(NamedTuple):
    """One entry of the bar: where it leads, its phrase, and how many things wait there, where that is counted: no
    further than one beyond ``MOST_SAID``.
    """

    address: str
    phrase: str
    waiting: "Callable[[Page], int] | None" = None


class Menu(NamedTuple):
    """The pages of one role. ``says`` tells in one phrase what somebody in that role does here."""

    home: str
    name: str
    says: str
    icon: str
    links: tuple[Link, ...] = ()
