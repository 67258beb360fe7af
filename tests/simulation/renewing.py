"""New calendars, and policies for what runs already; ``rng`` is of its own, so that other towns go on as before."""

from datetime import date, timedelta
from random import Random

from services.supervision.builtin import PUBLISHED_THROUGH, builtin_days, builtin_policy
from shared.contract.command import Command
from shared.contract.commands.supervision import PublishCalendar, PublishPolicy
from shared.contract.subjects import subject_of
from shared.domain.calendar import Day
from tests.simulation.beginning import JURISDICTION
from tests.simulation.clients import DAY, HOUR, Clients
from tests.simulation.operators import SUPERVISOR
from tests.simulation.scheduler import Scheduler


async def renew(clients: Clients, scheduler: Scheduler, rng: Random) -> None:
    """A day of rest more, or another policy for what runs too, while issues are under way."""
    clients.busy += 1
    off: list[Day] = []
    for number in range(rng.randint(1, 3)):
        await clients.ready()
        await clients.sleep(rng.choice((0, HOUR, 9 * HOUR, DAY, 6 * DAY)))
        today = scheduler.clock.now().date()
        later = timedelta(hours=rng.choice((1, 30))) if rng.random() < 0.2 else None
        at = later and scheduler.clock.now().replace(microsecond=0) + later
        if rng.random() < 0.3:
            policy = builtin_policy().with_reply_limit(rng.choice(("8wd", "20wd", "30d")))
            policy = policy.model_copy(update={"version": f"{policy.version}/renew/{number}"})
            command: Command = PublishPolicy(policy=policy, in_force_from=at, applies_to_running=True)
            subject = subject_of("policy", JURISDICTION)
        else:
            days = {today + timedelta(days=rng.randint(1, 25)) for _ in range(rng.randint(1, 3))}
            known = {day.on for day in (*builtin_days(), *off)}
            off += [_rest(on) for on in sorted(days - known)]
            command = _calendar(off).model_copy(update={"in_force_from": at})
            subject = subject_of("calendar", JURISDICTION)
        scheduler.counts[f"{command.aggregate} published for what runs"] += 1
        await clients.ask(subject, SUPERVISOR, command, f"renew/{number}")
    clients.busy -= 1


async def rest_soon(clients: Clients, scheduler: Scheduler, rng: Random, key: str) -> None:
    """A day of rest within the time that an opinion has."""
    known = {day.on for day in builtin_days()}
    on = scheduler.clock.now().date() + timedelta(days=rng.randint(1, 3))
    if on not in known:
        scheduler.counts["calendar published for what runs"] += 1
        await clients.ask(subject_of("calendar", JURISDICTION), SUPERVISOR, _calendar([_rest(on)]), key)


def _calendar(off: list[Day]) -> PublishCalendar:
    return PublishCalendar(published_through=PUBLISHED_THROUGH, days=(*builtin_days(), *off))


def _rest(on: date) -> Day:
    return Day(on, False, "放假", "市政府通知（虚构）")
