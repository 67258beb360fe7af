"""The mails that the embedded system's mailbox keeps, as its files say: the newest first, read and never changed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import NamedTuple

ENDING = ".eml"
A_PAGE = 50


class Mail(NamedTuple):
    """One mail as it came."""

    name: str
    """Its file's; the first digits say when it came."""
    at: datetime
    to: str
    sender: str
    subject: str
    text: str
    id: str


class Mailbox:
    """The folder in which services/cli/mailbox.py keeps what comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self, before: str = "") -> Sequence[Mail]:
        """A page of mails, the newest first; ``before``: those that came before the mail of this name."""
        names = sorted((file.stem for file in self._folder.glob(f"*{ENDING}")), reverse=True)
        older = [name for name in names if not before or name < before]
        return [mail for name in older[:A_PAGE] if (mail := self._read(name)) is not None]

    def one(self, name: str) -> Mail | None:
        """The mail of this name; None where there is none."""
        return self._read(name) if name.replace("-", "").isalnum() else None

    def count(self) -> int:
        """How many there are."""
        return sum(1 for _ in self._folder.glob(f"*{ENDING}"))

    def _read(self, name: str) -> Mail | None:
        try:
            raw = (self._folder / f"{name}{ENDING}").read_bytes()
            at = datetime.fromtimestamp(int(name.partition("-")[0]) / 1e9, UTC)
        except (OSError, ValueError, OverflowError):
            return None
        message = message_from_bytes(raw, _class=EmailMessage, policy=default)
        return Mail(
            name,
            at,
            to=str(message.get("To", "")),
            sender=str(message.get("From", "")),
            subject=str(message.get("Subject", "")),
            text=_text(message),
            id=str(message.get("Message-ID", "")),
        )


def _text(message: EmailMessage) -> str:
    """Its plain text; of what is no text of ours, what can be read of it."""
    body = message.get_body(("plain",))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, KeyError, ValueError):
        return ""
