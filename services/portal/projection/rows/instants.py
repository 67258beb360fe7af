"""Instants as the projection keeps them: whole milliseconds since 1970 in UTC, made of RFC 3339 text."""

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_SHANGHAI = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: object) -> int:
    """``2026-11-25T09:00:00Z`` in ms since 1970.

    Raises ValueError for what is no instant or has no offset, and OverflowError at the edge of the calendar.
    """
    if type(text) is not str:
        raise ValueError("an instant is text")
    return _instant(text)


@lru_cache(maxsize=4096)
def _instant(text: str) -> int:
    """What one decision tells has one time, and what is due is due at the same hour: few are read anew."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text[:40]!r} has no offset")
    at.astimezone(_SHANGHAI)  # as every page shows it
    return round(at.timestamp() * 1000)


def at(ms: int) -> datetime:
    """The instant of so many milliseconds since 1970; raises OverflowError outside of the calendar."""
    return _EPOCH + timedelta(milliseconds=ms)


def month_of(ms: int) -> str:
    """The month in Asia/Shanghai: ``2026-11``."""
    local = at(ms).astimezone(_SHANGHAI)
    return f"{local.year:04}-{local.month:02}"
