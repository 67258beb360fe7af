"""What is sealed in the state of an issue, opened for readers; who reads which of it is in shared/domain/rights.py."""

from collections.abc import Mapping
from typing import Any

from services.intake.issue.life import Issue
from services.intake.sealing import Sealing
from services.intake.vault import Erased
from shared.contract.commands.intake import Sealed


class Reading:
    """Opens the states of issues."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    async def opened(self, id: str, state: Mapping[str, Any]) -> dict[str, Any]:
        """The state with ``title`` and ``text``, and as far as there are any ``original`` (both as they were said),
        ``called_from``, and of an anonymous issue ``enterprise`` and ``raised_by``.

        ``erased`` is true where all that is gone for everybody.
        """
        issue = Issue.model_validate(state)
        sealed = Sealed(**{name: getattr(issue.words, name) for name in Sealed.model_fields})
        try:
            spoken = await self._sealing.everything(id, issue.person, sealed)
        except Erased:
            return {**state, "erased": True}
        opened = {**state, **spoken.words._asdict(), **spoken.private}
        if spoken.original is not None:
            opened["original"] = spoken.original._asdict()
        if spoken.called_from:
            opened["called_from"] = spoken.called_from
        return opened
