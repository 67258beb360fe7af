"""Publishing: many records in one round trip, and a dead letter in place of one that can never go.

A failure is either of the infrastructure, and raised, so that whoever publishes sends all again; or of one record,
which is found by sending alone whatever was refused: the others go, and what happened to it stands in the dead
letters of its service, to be published later by an operator. Nothing is lost without a word.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, Protocol

import structlog

from shared.bus.producer import is_final
from shared.bus.records import MISSING_BYTES_HEADER, UNPUBLISHED_HEADER, Bad, Outgoing, Record
from shared.contract.envelope import Malformed, open_envelope, sha256_of
from shared.metrics import Metrics

log = structlog.get_logger(__name__)


class Transport(Protocol):
    """What a publisher needs of the producers (shared/bus/producer.py; the simulator brings its own)."""

    async def unusable(self, topics: Collection[str]) -> dict[str, Exception]:
        """Those topics that do not exist or cannot be written to, and why."""

    async def send(
        self, records: Sequence[Outgoing], timestamps: Sequence[int | None]
    ) -> list[Exception | None]:
        """Send all at once; what became of each. What failed may be sent again at once."""

    async def send_alone(self, record: Outgoing, timestamp: int | None) -> None:
        """Send one record in a request of its own; raises what is said of it."""


class _Stamped(NamedTuple):
    record: Outgoing
    timestamp: int | None


class Publisher:
    """Publishes for one service; every record is acknowledged, or a dead letter stands in its place."""

    def __init__(
        self,
        producers: Transport,
        service: str,
        metrics: Metrics,
        *,
        clock: Callable[[], float] = time.time,
        history: bool = False,
    ) -> None:
        """``history``: a command that says when it was asked bears that time, and not that of the producer's clock."""
        self._producers, self._service, self._metrics, self._clock = producers, service, metrics, clock
        self._history = history

    async def __call__(
        self, outgoing: Sequence[Outgoing], timestamps: Sequence[int | None] | None = None
    ) -> list[Outgoing]:
        """Return when nothing is under way any more: the dead letters in place of what can never go, mostly none.

        ``timestamps``: milliseconds since 1970 where the records bring their own. Raises a failure of the
        infrastructure: then some may have gone, and all are to be sent again.
        """
        if timestamps is None:
            timestamps = [_supplied(record) if self._history else None for record in outgoing]
        again = [*map(_Stamped, outgoing, timestamps)]
        dead_letters: list[Outgoing] = []
        for last in (False, True):  # what fails beside others is sent again by a producer that was made anew
            failed = await self._send(again)
            again = []
            for stamped, error in failed:
                if is_final(error, stamped.record.topic):
                    dead_letters += await self._send_alone(stamped)
                elif last:
                    raise error
                else:
                    again.append(stamped)
            if not again:
                break
        for topic, count in Counter(record.topic for record in [*outgoing, *dead_letters]).items():
            self._metrics.published.labels(family(topic)).inc(count)
            if topic.endswith(".dlq"):  # the processor's, the departments' gateway's and our own
                self._metrics.dead_letters.inc(count)
        return dead_letters

    async def _send(self, stamped: Sequence[_Stamped]) -> list[tuple[_Stamped, Exception]]:
        """What failed and why, in order."""
        if not stamped:
            return []
        unusable = await self._producers.unusable({record.topic for record, _ in stamped})
        usable = [entry for entry in stamped if entry.record.topic not in unusable] if unusable else stamped
        errors = await self._producers.send(
            [record for record, _ in usable], [timestamp for _, timestamp in usable]
        )
        failed = {id(entry): error for entry, error in zip(usable, errors, strict=True) if error is not None}
        failed |= {
            id(entry): unusable[entry.record.topic] for entry in stamped if entry.record.topic in unusable
        }
        return [(entry, failed[id(entry)]) for entry in stamped if id(entry) in failed]

    async def _send_alone(self, stamped: _Stamped) -> list[Outgoing]:
        """Send what was refused beside others; a dead letter if it is refused alone as well."""
        record = stamped.record
        error = await self._refusal_of(record, stamped.timestamp)
        if error is None:
            return []
        reason = f"could not be published: {type(error).__name__}: {error}"
        log.warning(
            "a record cannot be published", topic=record.topic, key=record.key[:100], error=reason[:300]
        )
        dead_letter = record
        if not record.topic.endswith(".dlq"):
            dead_letter = self._dead_letter(stamped, reason)
            error = await self._refusal_of(dead_letter, None)
        if error is not None:
            headers = dict(dead_letter.headers or {})
            headers["reason"] = f"{headers.get('reason', '')}; its value is left out: {type(error).__name__}"
            headers[MISSING_BYTES_HEADER] = str(len(dead_letter.value))
            dead_letter = dead_letter._replace(value=b"", headers=headers)
            await self._producers.send_alone(dead_letter, None)
        return [dead_letter]

    async def _refusal_of(self, record: Outgoing, timestamp: int | None) -> Exception | None:
        try:
            await self._producers.send_alone(record, timestamp)
        except Exception as error:
            if is_final(error, record.topic):
                return error
            raise
        return None

    def _dead_letter(self, stamped: _Stamped, reason: str) -> Outgoing:
        """The dead letter of a record that never stood anywhere: its origin names its topic and its value's hash."""
        record, timestamp = stamped.record, stamped.timestamp or int(self._clock() * 1000)
        sha256 = record.sha256 or sha256_of(record.value)
        place = Record(
            record.topic, 0, 0, timestamp, record.key.encode("utf-8", "replace"), record.value, sha256
        )
        bad = Bad(place, reason, seq=record.seq)
        try:
            known = open_envelope(record.value, sha256)
            command = known.id if record.topic.endswith(".commands") else ""
            bad = Bad(place, reason, known.subject, known.source, known.seq, known.type, command=command)
        except Malformed as error:  # what this service sealed it can read; but nothing may hang on that here
            log.warning("a record of ours cannot be read", error=str(error)[:300])
        dead_letter = bad.dead_letter(self._service)
        origin = f"{record.topic}/unpublished/{sha256[:16]}"
        headers = {**(dead_letter.headers or {}), "origin": origin, UNPUBLISHED_HEADER: "true"}
        return dead_letter._replace(key=origin, headers=headers)


def _supplied(record: Outgoing) -> int | None:
    """The time that a command of history brings, in ms since 1970: the timestamp of its record, as clocks.md 7 says."""
    if not record.topic.endswith(".commands") or (time := open_envelope(record.value).time) is None:
        return None
    return round(time.timestamp() * 1000)


def family(topic: str) -> str:
    """The topic as a closed label: one value for all departments' orders."""
    return "dept.<code>." + topic.rpartition(".")[2] if topic.startswith("dept.") else topic
