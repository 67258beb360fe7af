"""The one port through which notices go out, whoever takes them: a mail server, a robot, a webhook.

No address, no name and no word of a notice is in what is raised here: errors are logged.
"""

from typing import Protocol, TypeVar

M = TypeVar("M", contravariant=True)
"""What a sender takes: a mail (shared/mail.py) or a post (shared/posting.py)."""


class Away(Exception):
    """Whoever is to take it is away, or does not let us in: nothing was taken, and it is no notice's fault."""


class Later(Exception):
    """This one was not taken now, or nobody said whether it was."""


class Refused(Exception):
    """This one is never taken, now or later; the message says why in a few words that may be shown."""


class Sender(Protocol[M]):
    """What hands one notice after the other to whoever takes them."""

    async def connect(self) -> None:
        """Find whoever takes them there; raises Away."""
        ...

    async def send(self, message: M, /) -> None:
        """Hand in one: when this returns it was taken. Raises Away, Later or Refused."""
        ...

    async def close(self) -> None:
        """There is nothing more to send."""
        ...
