"""How those who raise issues stand on commands and events: ``entrepreneur:<reference>``, never under a name.

On a named issue the reference is the person's own, on an anonymous one of that issue alone. A gateway that takes a
command about an issue does not know which it is: it acts as the issue's own person where that fits who asks, else
under the reference that is of this issue alone. So a stranger is refused, and no topic says who it was.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from shared.contract.subjects import kind_of
from shared.contract.words import Role
from shared.domain.rights import Asker
from shared.identity.references import References
from shared.identity.tokens import Caller


class Documents(Protocol):
    """Where a service's issues stand."""

    async def get(self, id: str) -> Mapping[str, Any] | None:
        """The document of one aggregate, or None."""


class Raisers:
    """Callers as the issues of one service know them."""

    def __init__(self, references: References, documents: Documents) -> None:
        self._references, self._documents = references, documents

    async def asking(self, issue: str, asker: Asker, key: str) -> tuple[Asker, str]:
        """Who asks, and the key of the request, as both may stand on a topic.

        Only a raiser stands otherwise on an issue's: its own program may write a name into its keys.
        """
        if asker.role != Role.ENTREPRENEUR or kind_of(issue) != "issue":
            return asker, key
        reference = self._reference(issue, asker.account, await self._documents.get(issue))
        return asker._replace(account=reference), self._references.key(issue, key)

    def known(self, issue: str, caller: Caller, document: Mapping[str, Any] | None) -> Caller:
        """A reader as this issue knows the person, where its document was read already."""
        if not caller.person or kind_of(issue) != "issue":
            return caller
        return caller.model_copy(update={"person": self._reference(issue, caller.person, document)})

    def alone(self, issue: str, caller: Caller) -> Caller:
        """A reader under the reference that is of this issue alone."""
        return self.known(issue, caller, None)

    def _reference(self, issue: str, person: str, document: Mapping[str, Any] | None) -> str:
        state = (document or {}).get("state") or {}
        if person == state.get("person"):
            return person
        return self._references.on_issue(issue, person, anonymous=True)
