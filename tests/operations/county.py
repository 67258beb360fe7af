"""A county whose offices work around the clock and answer within an hour, so that something falls due at night."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from services.cli.embedded import SERVICES
from services.supervision.builtin import PUBLISHED_THROUGH, builtin_days, builtin_policy
from shared.contract.commands.dispatch import AssignIssue, SignAssignment
from shared.contract.commands.intake import AcceptIssue
from shared.contract.commands.supervision import PublishCalendar, PublishPolicy
from shared.contract.subjects import subject_of
from shared.domain.calendar import Calendar, Day
from shared.domain.clocks import SHANGHAI, Limit, Policy, due_at
from tests.operations import acting
from tests.operations.playing import Town, until
from tests.said import issue_of, raiser, registration

COUNTY, RAISER, OFFICE = "anji", "li", "office:chen"
SINCE = timedelta(days=3)
"""So long ago these terms were published."""
LIMITS = {"assign": Limit("1oh"), "sign": Limit("1oh"), "promise": Limit("2oh"), "holding": Limit("9oh")}
SOON = timedelta(seconds=50)
"""From now until something falls due: time enough to do it before."""
GRACE_SECONDS = 2


def policy() -> Policy:
    """The built-in one with office hours day and night, and short limits."""
    builtin = builtin_policy()
    changed = {
        "version": "day-and-night",
        "office_hours": (("00:00", "23:59"),),
        "office_day_end": "23:59",
        "limits": {**builtin.limits, **LIMITS},
        "warnings": {},
        "grace_seconds": GRACE_SECONDS,
    }
    return Policy.model_validate(builtin.model_dump(mode="json") | changed)


def days(now: datetime) -> tuple[Day, ...]:
    """The built-in table, but that the days around now are worked, whatever they are."""
    today = now.astimezone(SHANGHAI).date()
    around = [today + timedelta(days=days) for days in range(-4, 3)]
    others = [day for day in builtin_days() if day.on not in around]
    made_up = [Day(on, True, "补班", "invented") for on in around if on.isoweekday() > 5]
    return tuple(sorted([*others, *made_up]))


async def publish_terms(town: Town) -> None:
    """Both stand on the topic since three days ago, and hold from then."""
    now = datetime.now(UTC)
    place, calendar = subject_of("policy", COUNTY), subject_of("calendar", COUNTY)
    table = PublishCalendar(published_through=PUBLISHED_THROUGH, days=days(now))
    await acting.commanded(
        town,
        [
            (calendar, table, "administrator:gao", "terms"),
            (place, PublishPolicy(policy=policy()), "administrator:gao", "terms"),
        ],
        now - SINCE,
    )
    versions = {policy().version, Calendar(PUBLISHED_THROUGH, table.days).version}
    await until(lambda: all(versions <= acting.versions(town, one) for one in SERVICES), "not published")


def begins(due: datetime, limit: str) -> datetime:
    """When a clock of this limit began that is due then."""
    table = Calendar(PUBLISHED_THROUGH, days(due))
    began = due - timedelta(hours=LIMITS[limit].amount)
    return began - (due_at(began, LIMITS[limit], policy(), table).at - due)


async def raised(town: Town, names: Sequence[str], due: datetime, limit: str = "assign") -> list[str]:
    """Issues that were raised and taken on so long ago that this limit is over at that instant."""
    began = begins(due, limit)
    ids = [issue_of(COUNTY, RAISER, f"{name} {due}") for name in names]
    registered = [(id, registration(id, "路灯", "坏了"), raiser(RAISER), "register") for id in ids]
    await acting.commanded(town, registered, began)
    accepted = [(id, AcceptIssue(title="路灯", text="坏了"), OFFICE, "accept") for id in ids]
    await acting.commanded(town, accepted, began + timedelta(seconds=1))
    return ids


async def assigned(town: Town, ids: Sequence[str], at: datetime) -> None:
    """The office gave them to a department at that instant."""
    await acting.commanded(
        town, [(id, AssignIssue(department="housing"), OFFICE, "assign") for id in ids], at
    )


async def signed(town: Town, ids: Sequence[str], at: datetime) -> None:
    """And it signed for them."""
    await acting.commanded(
        town,
        [(id, SignAssignment(assignment=f"{id}.1"), "handler:housing/li", "sign") for id in ids],
        at,
    )
