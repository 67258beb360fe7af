"""What supervision starts with: the built-in policy, and the working days that the notices of 2011 to 2026 name.

The days are the State Council's yearly notices as the ``holidays`` package carries them; they agree day by day with
``chinesecalendar`` (a test). Later years are imported: ``qinqing calendar import``.
"""

from datetime import date
from functools import lru_cache
from pathlib import Path

import holidays

from shared.contract.command import Command
from shared.contract.commands.supervision import PublishCalendar, PublishPolicy
from shared.contract.subjects import subject_of
from shared.domain.calendar import FIRST_PUBLISHED_YEAR, Calendar, Day
from shared.domain.clocks import Policy
from shared.domain.reference import BEGINNING

PUBLISHED_THROUGH = 2026
"""The last year whose notice is built in; a test says when the package knows more."""


@lru_cache(maxsize=1)
def builtin_policy() -> Policy:
    """2 working days to assign, 10 to reply (clocks.md, first paragraph)."""
    return Policy.model_validate_json(Path(__file__).with_name("policy.json").read_bytes())


@lru_cache(maxsize=1)
def builtin_days() -> tuple[Day, ...]:
    """Every day that the notices of 2011 to 2026 name; read once in a process (about 10 ms)."""
    china = holidays.country_holidays(
        "CN", years=range(FIRST_PUBLISHED_YEAR, PUBLISHED_THROUGH + 1), language="zh_CN"
    )
    return tuple(
        Day(on, china.is_working_day(on), china.get(on) or "补班", _notice(on))
        for on in sorted({*china, *china.weekend_workdays})
        if FIRST_PUBLISHED_YEAR <= on.year <= PUBLISHED_THROUGH
    )


@lru_cache(maxsize=1)
def builtin_calendar() -> Calendar:
    """The built-in table as a calendar."""
    return Calendar(PUBLISHED_THROUGH, builtin_days())


def first_commands(jurisdiction: str, policy: Policy) -> list[tuple[str, Command]]:
    """(subject, command) of what a first start publishes."""
    return [
        (subject_of("policy", jurisdiction), PublishPolicy(policy=policy, in_force_from=BEGINNING)),
        (
            subject_of("calendar", jurisdiction),
            PublishCalendar(
                published_through=PUBLISHED_THROUGH, days=builtin_days(), in_force_from=BEGINNING
            ),
        ),
    ]


def _notice(on: date) -> str:
    return f"国务院办公厅关于{on.year}年部分节假日安排的通知"
