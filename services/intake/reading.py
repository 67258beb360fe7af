"""What is sealed in the state of an issue, opened for readers; who reads which of it is in shared/domain/rights.py."""

from collections.abc import Mapping
from typing import Any

from services.intake.issue.life import Issue
from services.intake.sealing import Sealing, Spoken, sealed_in
from services.intake.talk.life import Talk
from services.intake.vault import Erased
from shared.contract.subjects import subject_of
from shared.store import Aggregates


async def known_issue(store: Aggregates, id: str) -> Issue | None:
    """An issue as it stands in the store; None where nobody registered it."""
    state = ((await store.get(id)) or {}).get("state")
    return None if state is None else Issue.model_validate(state)


async def takes_part(store: Aggregates, talk: str, person: str) -> bool:
    """Whether this person signed up for a talk that is to come or under way, or was named for it."""
    state = ((await store.get(subject_of("talk", talk))) or {}).get("state")
    if state is None:
        return False
    known = Talk.model_validate(state)
    return known.ended_at is None and any(one.person == person for one in known.participants)


class Reading:
    """Opens the states of issues."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    async def opened(self, id: str, state: Mapping[str, Any]) -> dict[str, Any]:
        """The state with ``title`` and ``text``, and as far as there are any ``original`` (both as they were said),
        ``called_from``, and of an anonymous issue ``enterprise`` and ``raised_by``; with ``corrected_words``, and in
        ``appeal`` its reason.

        ``erased`` is true where all that is gone for everybody.
        """
        issue = Issue.model_validate(state)
        try:
            spoken = await self._sealing.everything(id, issue.person, sealed_in(issue))
        except Erased:
            plain = {name: value for name, value in state.items() if name not in ("appeal", "supplied")}
            return {**plain, "erased": True}
        opened = {**state, **spoken.words._asdict(), **spoken.private}
        if spoken.original is not None:
            opened["original"] = spoken.original._asdict()
        if spoken.called_from:
            opened["called_from"] = spoken.called_from
        return {**opened, **await self._later(id, issue, spoken)}

    async def _later(self, id: str, issue: Issue, spoken: Spoken) -> dict[str, Any]:
        """What was said later: corrections of the words, and why a rejection was appealed against."""
        said: dict[str, Any] = {}
        if issue.corrections:
            person = spoken.private.get("raised_by", issue.person)
            corrections = await self._sealing.corrections(id, issue, person)
            said["corrected_words"] = [words._asdict() for words, _ in corrections]
            said["corrected_as_said"] = [original and original._asdict() for _, original in corrections]
        if issue.supplied:
            texts = [await self._sealing.opened(id, one.text) for one in issue.supplied]
            said["supplied"] = [
                {**one.model_dump(), "text": text} for one, text in zip(issue.supplied, texts, strict=True)
            ]
        if issue.appeal is not None:
            reason = await self._sealing.opened(id, issue.appeal.reason)
            said["appeal"] = {**issue.appeal.model_dump(mode="json"), "reason": reason}
        return said
