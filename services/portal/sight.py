"""What somebody may see of an issue: the rights table, asked of what the projection knows."""

import json
import sqlite3
from collections.abc import Callable
from typing import NamedTuple

from services.portal.session import Visitor
from shared.contract.words import Role
from shared.domain.rights import Asker, Belongs, groups_of, may
from shared.identity.references import References


class Sight(NamedTuple):
    """One issue as one person sees it; the groups are those of shared/domain/rights.py."""

    asker: Asker
    belongs: Belongs
    groups: frozenset[str]
    is_linked: bool = False
    """Whether it is seen by a link, which admits to a few verbs."""

    @property
    def words(self) -> bool:
        """Whether title, text and files are to be shown."""
        return ("words before acceptance" if self.belongs.sealed else "words") in self.groups

    @property
    def raiser(self) -> bool:
        """Whether who raised it is to be shown."""
        return ("raiser of an anonymous issue" if self.belongs.anonymous else "raiser") in self.groups

    @property
    def handling(self) -> bool:
        """Whether officials and their assignments are to be named."""
        return "handling" in self.groups

    @property
    def drafts(self) -> bool:
        """Whether drafts may be known of."""
        return "drafts" in self.groups

    @property
    def opinions(self) -> bool:
        """Whether what co-handlers say may be read."""
        return "opinions" in self.groups

    @property
    def is_own(self) -> bool:
        """Whether it is the person who raised it."""
        return self.asker.role == Role.ENTREPRENEUR


def sight_of(
    visitor: Visitor, issue: sqlite3.Row, references: References, successor: Callable[[str], str] = str
) -> Sight | None:
    """What this person sees of an issue; None where they may not read it at all."""
    asker, anonymous = visitor.asker, bool(issue["anonymous"])
    if visitor.issue not in ("", issue["id"]):
        return None
    if visitor.role is Role.ENTREPRENEUR and not visitor.issue:  # a link bears the issue's own reference
        reference = references.on_issue(issue["id"], visitor.kept.person, anonymous=anonymous)
        asker = asker._replace(account=reference)
    belongs = Belongs(
        person=issue["person"] or "",
        recorded_by=issue["recorded_by"] or "",
        departments=(issue["holder"],) if issue["holder"] else (),
        co_handlers=tuple(json.loads(issue["co_handlers"])),
        anonymous=anonymous,
        sealed=issue["title"] is None,
    ).followed(successor)
    if not may(asker, "issue", "read", belongs):
        return None
    return Sight(asker, belongs, frozenset(groups_of(asker, belongs)), bool(visitor.issue))
