"""Officials of the city and of a county over one department: both sign and lift, each what is not above them."""

from collections.abc import Sequence
from datetime import datetime
from random import Random

from shared.bus.gateway import Request
from shared.contract.command import Command
from shared.contract.commands.dispatch import AssignIssue, PublishDepartment, PublishStaff
from shared.contract.commands.intake import WithdrawIssue
from shared.contract.commands.supervision import IssueDocument, LiftDocument, LiftLadder, SignDocument
from shared.contract.subjects import subject_of
from shared.contract.words import DocumentKind, Level, Role
from tests.simulation.clients import DAY, HOUR, Clients
from tests.simulation.raising import Raised
from tests.simulation.scheduler import Scheduler
from tests.simulation.sight import CHECKER, Sight, Wish

ADMINISTRATOR = "administrator:wu"
OFFICE = {"chen": PublishStaff(name="陈某", roles=(Role.OFFICE,))}
OFFICIALS = {
    "shi": PublishStaff(name="石岚", roles=(Role.SUPERVISOR,)),
    "yu": PublishStaff(name="于平", roles=(Role.SUPERVISOR,), level=Level.COUNTY),
}
WEEKS = 21 * DAY
BY_HAND = (DocumentKind.SUPERVISION_ORDER, DocumentKind.CIRCULAR)


class Overseeing:
    """Who oversees in one town; drawn apart, so that other towns go their way as before."""

    def __init__(self, scheduler: Scheduler, clients: Clients, rng: Random, codes: Sequence[str]) -> None:
        self._scheduler, self._clients, self._rng, self._codes = scheduler, clients, rng, codes
        self._asked = 0

    async def appoint(self) -> None:
        """Most departments are a county's; one official is of the city, one of the county."""
        self._clients.busy += 1
        await self._clients.ready()
        for account, entry in {**OFFICIALS, **OFFICE}.items():
            await self._ask(subject_of("staff", account), entry, ADMINISTRATOR)
        for code in self._codes[1:]:
            county = PublishDepartment(name_zh="县局", name_en="A county's", head="局长", level=Level.COUNTY)
            await self._ask(subject_of("department", code), county, ADMINISTRATOR)
        self._clients.busy -= 1

    async def live(self, subject: str) -> None:
        """What stands on one issue is signed and lifted, for some weeks."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        for _ in range(rng.randint(6, 18)):
            sight = Sight(self._scheduler.log.by_subject.get(subject, ()))
            if wish := next_wish(sight, rng):
                await self._ask(subject, wish.command, wish.actor)
            await clients.sleep(rng.choice((HOUR, 6 * HOUR, 2 * DAY, 5 * DAY)))
        clients.busy -= 1

    async def _ask(self, subject: str, command: Command, actor: str) -> None:
        self._asked += 1
        request = Request(subject, command, "http", actor, f"overseeing/{self._asked}")
        outcome = await self._clients.request(request) or {}
        if "nobody of a lower one lifts it" in str(outcome.get("detail", "")):
            self._scheduler.counts["not lifted below the level that signed"] += 1
        if isinstance(command, LiftDocument) and outcome.get("status") == "done":
            self._scheduler.counts[f"a document lifted by {actor}"] += 1


def next_wish(sight: Sight, rng: Random) -> Wish | None:
    """A draft is signed, what stands is lifted, sometimes something is issued by hand; None where nothing is."""
    account = rng.choice(tuple(OFFICIALS))
    actor, signature = f"supervisor:{account}", OFFICIALS[account].name
    if sight.lamp and rng.random() < 0.15:
        return Wish(actor, LiftLadder(step=sight.lamp, reason="已落实整改"))
    if sight.department and rng.random() < 0.15:
        by_hand = IssueDocument(kind=rng.choice(BY_HAND), words="请核实", signature=signature)
        return Wish(actor, by_hand)
    if not sight.documents:
        return None
    id, (_, state) = rng.choice(sorted(sight.documents.items()))
    if state == "drafted":
        return Wish(actor, SignDocument(document=id, words="经核实属实", signature=signature))
    return Wish(actor, LiftDocument(document=id, reason="已整改"))


async def sign_in_vain(scheduler: Scheduler, clients: Clients, raised: Raised) -> None:
    """What was withdrawn in time is read weeks later: a card is signed meanwhile, and only a person lifts that."""
    clients.busy += 1
    clients.raised[raised.subject] = raised

    def sight() -> Sight:
        return Sight(scheduler.log.by_subject.get(raised.subject, ()))

    async def ask(actor: str, command: Command) -> str | None:
        return await clients.ask(raised.subject, actor, command, f"in vain/{command.type}")

    for actor, command in ((raised.actor, raised.register), (CHECKER, raised.accept)):
        while await ask(actor, command) is None:  # whoever reads it was away, and comes back
            await clients.sleep(HOUR)
    while not sight().due:
        await clients.sleep(HOUR)
    await ask(CHECKER, AssignIssue())
    due = int(datetime.fromisoformat(sight().due).timestamp() * 1000)
    await clients.sleep(due - HOUR - scheduler.clock.ms)
    scheduler.block(scheduler.groups["intake"], "intake.commands", WEEKS)
    await ask(raised.person, WithdrawIssue(reason="已自行解决"))
    back, card = scheduler.clock.ms + WEEKS, ""
    while not card and scheduler.clock.ms < back:
        await clients.sleep(DAY)
        drafts = ((id, kind) for id, (kind, state) in sight().documents.items() if state == "drafted")
        card = next((id for id, kind in drafts if kind == DocumentKind.YELLOW_CARD), "")
    await ask("supervisor:he", SignDocument(document=card, signature="何正"))
    await clients.sleep(back + DAY - scheduler.clock.ms)
    await ask("supervisor:he", LiftDocument(document=card, reason="撤回在前"))
    clients.busy -= 1
