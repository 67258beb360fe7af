"""The published tables of work and rest days, as the command line asks for them."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import httpx

from services.cli.reference.versions import Failed, Published, Version, read_published
from shared import year_tables
from shared.contract.commands.supervision import PublishCalendar
from shared.contract.events.supervision import CalendarPublished
from shared.contract.subjects import subject_of
from shared.year_notices import Notice


class Wanted(NamedTuple):
    """What a year's notice would make of the table that is published: how they differ, and the command for it."""

    subject: str
    before: Version
    found: year_tables.Comparison
    command: PublishCalendar


def wanted(client: httpx.Client, file: Path, notice: Notice, replace: bool) -> Wanted:
    """The notice beside the newest table; raises WrongFile where a published day differs and none may be replaced."""
    published = read_published(client)
    subject = subject_of("calendar", published.jurisdiction())
    version, table = newest_table(published, published.jurisdiction())
    found = year_tables.compare(table, notice)
    if not replace:
        year_tables.check_replacing(file, found)
    command = year_tables.combined(table, notice, found.left_out if replace else ())
    return Wanted(subject, version, found, command)


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
