"""The published tables of work and rest days, as the command line asks for them."""

from datetime import datetime

from services.cli.reference.versions import Failed, Published, Version
from shared.contract.events.supervision import CalendarPublished
from shared.contract.subjects import subject_of


def newest_table(published: Published, jurisdiction: str) -> tuple[Version, CalendarPublished]:
    """The version that comes into force last, and its table; raises Failed before the first one."""
    return _table(published.newest(subject_of("calendar", jurisdiction)))


def table_in_force(
    published: Published, jurisdiction: str, now: datetime
) -> tuple[Version, CalendarPublished]:
    """The version in force at an instant, and its table; raises Failed before the first one."""
    return _table(published.in_force(subject_of("calendar", jurisdiction), now))


def _table(version: Version | None) -> tuple[Version, CalendarPublished]:
    if version is None:
        raise Failed("no calendar is published yet; the first start of supervision does it")
    return version, CalendarPublished.read(version.data)
