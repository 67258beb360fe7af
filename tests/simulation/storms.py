"""Much that happens to the issues of one official at once, also at night: it goes out as one digest."""

from random import Random

from shared.bus.gateway import Request, sealed
from shared.contract.commands.dispatch import ChooseWays
from shared.contract.commands.notices import PrepareStaffNotice
from shared.contract.subjects import subject_of
from shared.contract.words import MAIL, Occurrence
from shared.domain.decisions import FAN_OUT, Context
from shared.domain.notices import tell
from tests.simulation.beginning import JURISDICTION
from tests.simulation.clients import DAY, HOUR, MINUTE, SECOND, Clients
from tests.simulation.mail import WAYS
from tests.simulation.scheduler import Scheduler
from tests.unit.reference import builtin_reference


async def storm(scheduler: Scheduler, clients: Clients, seed: int) -> None:
    """Within some hours much happens to issues of one official, mostly at night: as dispatch's decisions ask of it."""
    rng = Random(f"storm/{seed}")
    clients.busy += 1
    await clients.ready()
    ways = rng.choice(((MAIL,), WAYS))
    for account in ("xu", "lu", "qin") if len(ways) > 1 else ():
        actor = f"handler:{clients.departments[0]}/{account}"
        await clients.ask(subject_of("staff", account), actor, ChooseWays(ways=ways), "storm/ways")
    await clients.sleep(rng.randint(0, 3 * DAY))
    for number in range(rng.randint(2, 12)):
        context = Context(
            f"storm-{number}", scheduler.clock.now(), builtin_reference(), cause=f"storm/{number}"
        )
        body = {"number": f"S-{number}", "about": Occurrence.ASSIGNED, "to": rng.choice(("xu", "xu", "lu"))}
        for way in ways:
            prepares = tell(PrepareStaffNotice, context, {**body, "way": way}, in_office_hours=True)
            request = Request(prepares.to, prepares.body, "storm", FAN_OUT, f"{number}/{way}")
            for _ in range(rng.choice((1, 1, 2))):
                await clients.send(sealed(request, f"/{JURISDICTION}/dispatch"))
            clients.acknowledged[request.id] = ("dispatch", request.subject)
        await clients.sleep(rng.choice((SECOND, 10 * MINUTE, 2 * HOUR)))
    clients.busy -= 1
