"""Who watches a town posts alerts, again and again and in other words each time; an operator hears of them.

Drawn apart, in few of the towns where people are mailed, so that the others go their way as before.
"""

from random import Random

from shared.contract.commands.dispatch import ChooseWays, PublishStaff, ReportAlert
from shared.contract.words import MAIL, Role
from tests.simulation.clients import HOUR, MINUTE, SECOND, Clients
from tests.simulation.mail import WAYS
from tests.simulation.scheduler import Scheduler

WATCHER, OFFICE, ADMINISTRATOR = "operator:watch", "office:chen", "administrator:hu"


def has_alerts(seed: int) -> bool:
    """Whether this town has them, if people are mailed there."""
    return Random(f"alert/{seed}").random() < 0.35


async def alarm(scheduler: Scheduler, clients: Clients, seed: int) -> None:
    """Some alerts, pages and tickets, by day and by night; of some the end comes first, or alone."""
    rng = Random(f"alarming/{seed}")
    clients.busy += 1
    await clients.ready()
    operator = PublishStaff(name="严涛", roles=(Role.OPERATOR,))
    await clients.ask("staff:yan", ADMINISTRATOR, operator, "alarming/staff")
    ways = ChooseWays(ways=rng.choice(((MAIL,), WAYS)))
    await clients.ask("staff:yan", "operator:yan", ways, "alarming/ways")
    for number in range(rng.randint(3, 6)):
        await clients.sleep(rng.choice((MINUTE, 8 * HOUR, 13 * HOUR)))
        began = scheduler.clock.now().replace(microsecond=0)
        subject = f"alert:{number:016x}-{int(began.timestamp() * 1000):x}"
        fires = ReportAlert(
            name="QinqingProcessIsAway", severity=rng.choice(("page", "ticket")), started_at=began
        )
        if not number:
            await clients.ask(subject, OFFICE, fires, "alarming/in vain")
        posted = [fires] * rng.choice((0, 1, 2, 3))
        await clients.sleep(rng.choice((SECOND, 20 * MINUTE)))
        over = fires.model_copy(update={"ended_at": scheduler.clock.now().replace(microsecond=0)})
        posted += [over] * rng.choice((0, 1, 2)) + [fires] * rng.choice((0, 0, 1))
        for time, command in enumerate(posted):
            scheduler.counts["alert reported again"] += time > 0
            said = command.model_copy(update={"summary": f"{time} times"})
            await clients.ask(subject, WATCHER, said, f"alarming/{number}/{time}")
            await clients.sleep(rng.choice((SECOND, 30 * MINUTE, 4 * HOUR)))
    clients.busy -= 1
