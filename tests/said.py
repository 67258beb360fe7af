"""What tests say and who says it: references of persons, sealed words, and a vault in memory."""

from hashlib import sha256

from services.intake.issue.numbers import issue_id
from services.intake.registering import Registering
from services.intake.sealing import Sealing
from services.intake.vault import Key, Vault
from shared.contract.commands.intake import RegisterIssue, Sealed
from shared.identity.keys import VAULT, secret
from tests.keys import KEYS, REFERENCES
from tests.unit.entries import EntriesInMemory
from tests.unit.reference import builtin_reference

WORDS = Sealed(words="c2VhbGVk")
"""Sealed words that nobody has to open."""


def raiser(account: str, issue: str = "") -> str:
    """The actor as which an entrepreneur stands on topics; ``issue``: on this issue, which is anonymous."""
    person = REFERENCES.person(account)
    return f"entrepreneur:{REFERENCES.on_issue(issue, person, anonymous=bool(issue))}"


def issue_of(jurisdiction: str, account: str, key: str) -> str:
    """The id of the issue that an entrepreneur raises with this key."""
    return issue_id(REFERENCES.digest, jurisdiction, REFERENCES.person(account), key)


def sealed(issue: str, title: str, text: str) -> Sealed:
    """Words under a key that follows from the issue's id."""
    return Sealed(words=_key(issue).seal(f"{title}\n{text}"))


def opened(issue: str, words: str) -> str:
    """The same again: the title, and the text on the next line."""
    return _key(issue).open(words)


def _key(issue: str) -> Key:
    return Key(f"issue:{issue}", sha256(issue.encode()).digest())


def registration(issue: str, title: str, text: str, **more: object) -> RegisterIssue:
    """The command as intake's gateway posts it."""
    return RegisterIssue(words=sealed(issue, title, text), **more)


def registering(jurisdiction: str, entries: EntriesInMemory | None = None) -> Registering:
    """What makes the commands of intake, over keys in memory."""
    vault = Vault(entries or EntriesInMemory(), secret(KEYS, VAULT))  # type: ignore[arg-type]
    return Registering(jurisdiction, REFERENCES, Sealing(vault), builtin_reference().directory)
