"""What goes to discipline inspection is forgotten here: the key of its words and its files, whoever asks again or not.

A referral is written down before it is posted, and that stays until it is known what became of it: so a service that
dies in between, or one who was answered 202 and never came back, leaves nothing behind that can be read.
"""

import asyncio

from services.intake.attachments.folder import Folder
from services.intake.issue.referring import is_unspoken
from services.intake.reading import known_issue
from services.intake.vault import Vault
from shared.bus.gateway import Gateway, Request
from shared.store import Aggregates, Entries

LOOK_SECONDS = 60.0
BEHIND_ALL = "\U0010ffff"


class Forgetting:
    """Deletes what nobody may read here any more."""

    def __init__(
        self, gateway: Gateway, store: Aggregates, vault: Vault, folder: Folder, referrals: Entries
    ) -> None:
        self._gateway, self._store = gateway, store
        self._vault, self._folder, self._referrals = vault, folder, referrals

    async def begin(self, request: Request) -> None:
        """Write down a referral before it is posted."""
        entry = {"issue": request.subject, "command": request.id}
        await self._referrals.add(f"{request.subject}|{request.id}", entry)

    async def finish(self, issue: str) -> bool:
        """Delete what was said of an issue, if it was handed to a body whose matters nobody else may read."""
        known = await known_issue(self._store, issue)
        if known is None or not is_unspoken(known):
            return False
        await self._vault.erase(f"issue:{issue}")
        await asyncio.to_thread(self._folder.forget, issue)
        return True

    async def look_again(self) -> None:
        """Finish what was asked and is done by now; an entry goes once there is nothing more to wait for."""
        for entry in await self._referrals.between("", BEHIND_ALL):
            issue, command = str(entry["issue"]), str(entry["command"])
            # First: what is known to be done, the issue shows that is read after it.
            outcome = await self._gateway.look(issue, command)
            if await self.finish(issue) or outcome is not None:
                await self._referrals.delete(str(entry["_id"]))

    async def run(self) -> None:
        """Look again for ever, first at a start."""
        while True:
            await self.look_again()
            # What became of a command is told to nobody who does not wait for it any more.
            await asyncio.sleep(LOOK_SECONDS)
