"""The words of an issue, sealed before they stand anywhere, and opened again for those who may read them.

Each issue has a key of its own, and so has each person; only the vault of intake holds them (docs/decisions/0029).
"""

import asyncio
import json
from collections.abc import Mapping
from typing import NamedTuple

from services.intake.issue.life import Issue
from services.intake.vault import Erased, Key, Vault
from shared.contract.commands.intake import Sealed


class Words(NamedTuple):
    """What somebody said."""

    title: str
    text: str


class Spoken(NamedTuple):
    """What is to be sealed of one registration; ``original`` where something was masked in ``words``."""

    words: Words
    original: Words | None = None
    called_from: str = ""
    private: Mapping[str, str] = {}


class Sealing:
    """Seals and opens what was said of issues."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def seal(self, issue: str, person: str, spoken: Spoken) -> Sealed:
        """Everything under the issue's own key, the original under the person's; the same is sealed alike each time.

        Raises Erased where the issue's key was erased: nothing is written down under its id any more.
        """
        key, original = await asyncio.gather(
            self._vault.key_for(_issue(issue)), self._sealed_original(issue, person, spoken.original)
        )
        return Sealed(
            words=key.seal(_packed(spoken.words._asdict())),
            original=original,
            called_from=spoken.called_from and key.seal(spoken.called_from),
            private=key.seal(_packed(spoken.private)) if spoken.private else "",
        )

    async def text(self, issue: str, text: str) -> str:
        """Something else that was said about an issue, under its key; raises Erased where that is gone."""
        return (await self._vault.key_of(_issue(issue))).seal(text)

    async def opened(self, issue: str, sealed: str) -> str:
        """The same again; raises Erased where the issue's key is gone."""
        return (await self._vault.key_of(_issue(issue))).open(sealed)

    async def words(self, issue: str, sealed: str) -> Words:
        """Title and text, masked; raises Erased where the issue's key is gone."""
        return Words(**json.loads((await self._vault.key_of(_issue(issue))).open(sealed)))

    async def everything(self, issue: str, person: str, sealed: Sealed) -> Spoken:
        """All that was said, as far as its keys are there; raises Erased where the issue's own is gone.

        ``person``: whose key the original is under; of an anonymous issue that is said in ``private``.
        """
        key = await self._vault.key_of(_issue(issue))
        private = json.loads(key.open(sealed.private)) if sealed.private else {}
        return Spoken(
            Words(**json.loads(key.open(sealed.words))),
            await self._opened_original(private.get("raised_by", person), sealed.original),
            key.open(sealed.called_from) if sealed.called_from else "",
            private,
        )

    async def corrections(self, issue: str, known: Issue, person: str) -> list[tuple[Words, Words | None]]:
        """Each correction, and how it was said where something was masked; ``person``: under whose key that is."""
        key = await self._vault.key_of(_issue(issue))
        return [
            (
                Words(**json.loads(key.open(each.words))),
                await self._opened_original(person, each.original),
            )
            for each in known.corrections
        ]

    async def _sealed_original(self, issue: str, person: str, original: Words | None) -> str:
        """With the issue's id in it: two issues of one person that say the same do not look the same."""
        if original is None or not person:
            return ""
        try:
            key = await self._key_of_person(person)
        except Erased:
            return ""  # whoever asked to be forgotten is not kept again
        return key.seal(_packed({"issue": issue, **original._asdict()}))

    async def _key_of_person(self, person: str) -> Key:
        """Mostly it is there: who raises issues is known already."""
        try:
            return await self._vault.key_of(_person(person))
        except Erased:
            return await self._vault.key_for(_person(person))

    async def _opened_original(self, person: str, sealed: str) -> Words | None:
        if not sealed:
            return None
        try:
            opened = json.loads((await self._vault.key_of(_person(person))).open(sealed))
        except Erased:
            return None
        return Words(opened["title"], opened["text"])


def sealed_in(issue: Issue) -> Sealed:
    """What was said at the registration of an issue, as it is kept."""
    return Sealed(**{name: getattr(issue.words, name) for name in Sealed.model_fields})


def _issue(id: str) -> str:
    return f"issue:{id}"


def _person(reference: str) -> str:
    return f"person:{reference}"


def _packed(fields: Mapping[str, str]) -> str:
    return json.dumps(fields, ensure_ascii=False, sort_keys=True)
