"""What somebody can do about an issue: where the page for it is, and why what one would expect is not possible now."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from services.portal.moves import OWNERS, is_legal, may_ask, standing
from services.portal.sight import Sight
from shared.domain.rights import LINKED


class Action(NamedTuple):
    """One thing to do, which has a page at ``<under>/issues/<id>/<verb>``; ``under`` is a place of its role's own.

    ``why_not`` says, by the state that the verb's service has the issue in, why it is not possible there; in any other
    state nobody expects it. ``only`` narrows what the table of moves allows. ``at``: its page, where that is another.
    ``cannot``: why who asks may not do it, in the words of their page, where more than the state decides.
    """

    verb: str
    phrase: str
    icon: str
    is_main: bool = False
    why_not: Mapping[str, str] = {}
    only: Callable[[sqlite3.Row], bool] = lambda issue: True
    at: str = ""
    under: str = ""
    cannot: str = ""

    def address(self, id: str) -> str:
        """Where it is done."""
        return f"{self.under}/issues/{id}/{(self.at or self.verb).replace('_', '-')}"


class Choice(NamedTuple):
    """What one person can do about one issue, the most important first, and in their words what one cannot."""

    possible: list[Action]
    not_now: list[str]

    @property
    def main(self) -> Action | None:
        """The one that is most called for."""
        return next((action for action in self.possible if action.is_main), None)


def choice(actions: Iterator[Action], issue: sqlite3.Row, sight: Sight, say: Callable[[str], str]) -> Choice:
    """The actions of a role on one issue, as the rights and the tables of moves have them."""
    made = Choice([], [])
    for action in actions:
        if not may_ask(sight.asker, action.verb, sight.belongs):
            continue
        if sight.is_linked and action.verb not in LINKED:
            continue
        if action.cannot:
            made.not_now.append(action.cannot)
        elif is_legal(issue, action.verb) and action.only(issue):
            made.possible.append(action)
        elif reason := action.why_not.get(standing(issue).get(OWNERS[action.verb], "")):
            made.not_now.append(say(reason))
    return made
