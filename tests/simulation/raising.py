"""Who raises issues in a simulation and what they say: for themselves or through an official, named or anonymous."""

from datetime import date
from random import Random
from typing import Any, NamedTuple

from services.intake.issue.numbers import issue_id
from shared.contract.attachments import Attachment
from shared.contract.commands.intake import (
    AcceptIssue,
    CorrectWords,
    GivenOccasion,
    NewestWords,
    RegisterIssue,
)
from shared.contract.words import Kind, MediaType, Phase, Source
from tests.said import REFERENCES, raiser, sealed
from tests.simulation.beginning import JURISDICTION

OFFICIALS = (
    "clerk:sun",
    "office:chen",
    "township:xu",
    "liaison:he",
    "observer:lu",
    "federation:ma",
    "cppcc:bai",
)
FILES = tuple(
    Attachment(hash=f"{number:064x}", media_type=media_type, bytes=1000 + number)
    for number, media_type in enumerate((MediaType.JPEG, MediaType.PDF))
)
"""What people hand in: an issue has none, one or both of these."""
ACCOUNTS = 3
"""So few people that some raise two issues."""
STRANGER = raiser("stranger")


class Raised(NamedTuple):
    """One issue: who registers it, whose it is, and what is said. ``person`` is the raiser as it stands on topics."""

    subject: str
    actor: str
    person: str
    title: str
    text: str
    about: dict[str, Any]

    @property
    def register(self) -> RegisterIssue:
        """Its registration, as intake's gateway posts it."""
        return self.saying(self.text)

    def saying(self, text: str) -> RegisterIssue:
        """The same with other words."""
        words = sealed(self.subject, self.title, text)
        if self.about.get("origin") is Source.HOTLINE and self.about.get("person"):
            words = words.model_copy(update={"called_from": words.words})
        return RegisterIssue(words=words, **self.about)

    @property
    def accept(self) -> AcceptIssue:
        """Its acceptance, with the words that the gateway opened."""
        return AcceptIssue(title=self.title, text=self.text)

    def accept_version(self, version: int) -> AcceptIssue:
        """Its acceptance by somebody who read this version of its words."""
        if version < 2:
            return self.accept
        title, text = self.corrected(version)
        return AcceptIssue(
            title=self.title, text=self.text, corrected=NewestWords(version=version, title=title, text=text)
        )

    def corrected(self, version: int) -> tuple[str, str]:
        """Title and text of a correction; the first has version 2."""
        return f"更正之{version}", f"应当写作第{version}版"

    def correct(self, version: int, *, plain: bool) -> CorrectWords:
        """A correction as intake's gateway posts it: ``plain`` once the issue was taken on."""
        title, text = self.corrected(version)
        said = {"title": title, "text": text} if plain else {}
        return CorrectWords(words=sealed(self.subject, title, text), **said)


def raised(number: int, rng: Random) -> Raised:
    """The issue of this number; some are written down by an official, some are anonymous."""
    account, anonymous = f"p{rng.randrange(ACCOUNTS)}", rng.random() < 0.2
    official = rng.choice(OFFICIALS) if rng.random() < 0.3 else ""
    asker = official or REFERENCES.person(account)
    subject = issue_id(REFERENCES.digest, JURISDICTION, asker, str(number))
    person = raiser(account, subject if anonymous else "")
    about: dict[str, Any] = {
        "kind": rng.choice(list(Kind)),
        "origin": rng.choice((Source.ONLINE, Source.HOTLINE, Source.TALK, Source.WRITTEN)),
        "anonymous": anonymous,
        "urgent": rng.random() < 0.1,
    }
    if files := FILES[: number % (len(FILES) + 1)]:
        about["attachments"] = files
    if official:
        about["person"] = person.partition(":")[2]
    if about["origin"] is Source.WRITTEN:
        about["occasion"] = GivenOccasion(on=date(2018, 12, 1))
    if about["origin"] is Source.TALK:
        about["phase"] = rng.choice(list(Phase))
    text = f"第{number}件事：" + "路灯不亮" * rng.randint(1, 20)
    return Raised(subject, official or person, person, f"问题之{number}", text, about)
