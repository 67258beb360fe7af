"""Notices by mail: sent once unless nobody was left to record it, said to be sent when they are, never forgotten.

Officials are mailed while offices are open, and of what was for one of them while these were closed there is one mail;
but for pages, which go at any hour (alerts.py).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta, timezone
from itertools import product

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, Opened, aggregate_of, instant, kind_of
from tests.simulation.checker.terms import calendar_of

TRIED = timedelta(days=3)
CALLING = ("talk_named", "talk_postponed", "talk_changed")
"""What calls people to a talk."""
ENDED = ("sent", "given_up", "joined")
SHANGHAI = timezone(timedelta(hours=8))
OFFICE_HOURS = ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))
HANDED_IN = timedelta(minutes=5)
"""Who began in office hours has handed it in by then, or lets it be."""
Opens = Callable[[datetime], datetime]
"""(instant) -> when offices are open next: then itself where they are."""


def check_notices(evidence: Evidence) -> Iterator[Violation]:
    """What the mail server has against what the owners of notices tell and keep."""
    mailed = {mail.notice for mail in evidence.history.mailed}
    refused = {mail.notice for mail in evidence.history.refused}
    yield from _handed_in(evidence)
    yield from _in_office_hours(evidence)
    yield from _overtaken(evidence)
    for service in ("intake", "dispatch"):
        for subject, events in evidence.events_by(service).items():
            if aggregate_of(subject) != "notice":
                continue
            for event in events:
                kind = kind_of(event)
                if kind.endswith("sent") and subject.partition(":")[2] not in mailed:
                    yield Clause.NOTICE_SENT(
                        f"{subject}: {event['id']} says it was sent, and no server has it"
                    )
                why = event["data"]["why"] if kind.endswith("given_up") else ""
                if why == "refused" and subject.partition(":")[2] not in refused:
                    yield Clause.NOTICE_REFUSED(
                        f"{subject}: {event['id']} says it was refused, and nobody did that"
                    )
                if why == "too_late":
                    yield from _early(evidence, subject, event["id"], instant(event["time"]))
        for subject, document in evidence.documents(service).items():
            state = (document.get("state") or {}).get("state")
            ends = state in (None, *ENDED) or "deadline" in document or document.get("held")
            if aggregate_of(subject) == "notice" and not ends:
                yield Clause.NOTICE_ENDS(f"{subject}: {service} has it {state}, and nothing will end that")


def _handed_in(evidence: Evidence) -> Iterator[Violation]:
    """Each once where it goes: what is taken is recorded, and what is refused for good is given up."""
    ways: defaultdict[str, set[str]] = defaultdict(set)
    for opened in evidence.opened if evidence.history.mailed or evidence.history.refused else ():
        if opened.event is not None and opened.event["type"].endswith(".notice.prepare.v1"):
            ways[opened.event["subject"]].add(opened.event["data"].get("way", "mail"))
    for clause, done, mails in (
        (Clause.MAILED_ONCE, "sent", evidence.history.mailed),
        (Clause.NOTICE_REFUSED, "handed in", evidence.history.refused),
    ):
        for mail in mails:
            subject = f"notice:{mail.notice}"
            if mail.again:
                yield clause(f"{subject}: it was {done} again at {mail.at_ms} ms, without need")
            if mail.way not in ways[subject]:
                yield Clause.NOTICE_WAY(f"{subject}: it goes by {sorted(ways[subject])}, not by {mail.way}")


def _overtaken(evidence: Evidence) -> Iterator[Violation]:
    """Nobody is asked to come to a talk that was called off; and what is given up for that is of one that was, or that
    moved again."""
    slack = int(HANDED_IN.total_seconds() * 1000) + evidence.history.skew_ms
    called_off, moved = _ended(evidence, "talk.cancelled"), _ended(evidence, "talk.postponed")
    known = {"intake": called_off, "dispatch": _told_off(evidence)}
    for mail, service in product(evidence.history.mailed, known):
        subject = f"notice:{mail.notice}"
        if not _prepared(evidence, subject, service):
            continue
        talks = {issue for issue, about in mail.says if about in CALLING}
        for talk in talks & {*known[service]}:
            if mail.asked_ms > known[service][talk] + slack:
                yield Clause.NOTICE_OVERTAKEN(
                    f"{subject}: handed in at {mail.asked_ms} ms, {talk} is called off"
                )
    touched = {*called_off, *moved}
    for subject, events in (found for service in known for found in evidence.events_by(service).items()):
        for data in (event["data"] for event in events if kind_of(event).endswith("given_up")):
            if data["why"] == "overtaken" and data["about"] in CALLING and data["issue"] not in touched:
                yield Clause.NOTICE_OVERTAKEN(f"{subject}: given up, and {data['issue']} stands as it did")


def _ended(evidence: Evidence, kind: str) -> dict[str, int]:
    """Subject -> when the first event of this kind stood on its topic (ms): by then its owner has written it."""
    found: dict[str, int] = {}
    for (topic, subject, _), events in evidence.events.items():
        if topic == "intake.events" and aggregate_of(subject) == "talk":
            at = [one.record.timestamp for one in events.values() if one.event and kind_of(one.event) == kind]
            found |= {subject: min(at)} if at else {}
    return found


def _told_off(evidence: Evidence) -> dict[str, int]:
    """Talk -> when dispatch began to tell officials that it is called off (ms): by then it has written it."""
    found: dict[str, int] = {}
    for opened in evidence.opened:
        event = opened.event
        if event is not None and event["type"].startswith("dispatch.notice.prepare."):
            data, at = event["data"], opened.record.timestamp
            if data["about"] == "talk_cancelled":
                found[data["issue"]] = min(at, found.get(data["issue"], at))
    return found


def _early(evidence: Evidence, subject: str, id: str, given_up: datetime) -> Iterator[Violation]:
    """It was tried for three days since the first that prepared it; what another notice had before has its end."""
    first = next(iter(_prepared(evidence, subject)), None)
    if first is None or first.event is None or first.event["data"].get("until"):
        return
    if given_up < _at(first) + TRIED - timedelta(milliseconds=evidence.history.skew_ms):
        yield Clause.NOTICE_LATE(f"{subject}: {id} gives it up before three days were over")


def _in_office_hours(evidence: Evidence) -> Iterator[Violation]:
    """Mails to officials, by the hours that every policy here has and each calendar that there was: which of them was
    in force is told elsewhere, so what any of them allows is right."""
    calendars = list(evidence.published("calendar").values())
    if not calendars or not evidence.history.mailed:
        return
    openings, skew = [*map(_opening, calendars)], timedelta(milliseconds=evidence.history.skew_ms)
    together: defaultdict[tuple[str, str, datetime], set[str]] = defaultdict(set)
    for mail in evidence.history.mailed:
        subject = f"notice:{mail.notice}"
        prepared = _prepared(evidence, subject, "dispatch")
        if not prepared or (prepared[0].event or {})["data"].get("at_once"):
            continue
        asked = datetime.fromtimestamp(mail.asked_ms / 1000, UTC)
        if all(opens(asked - HANDED_IN - skew) > asked + skew for opens in openings):
            yield Clause.MAILED_IN_HOURS(f"{subject}: it was handed in at {asked}, while offices were closed")
        first = prepared[0]
        data, at = (first.event or {}).get("data", {}), _at(first)
        opened = {opens(at) for opens in openings}
        if (
            len(opened) == 1
            and (opens_at := opened.pop()) > at
            and not data.get("passed_on")
            and not evidence.dead_letters_about["dispatch", subject]
        ):
            together[data["to"], data.get("way", "mail"), opens_at].add(subject)
    for (to, way, at), subjects in together.items():
        if len(subjects) > 1:
            yield Clause.ONE_DIGEST(f"{to} got {len(subjects)} mails by {way} of what waited for {at}")


def _prepared(evidence: Evidence, subject: str, service: str = "") -> list[Opened]:
    """The commands that prepared a notice, as they stand on its partition: clocks of who sent them may differ."""
    found = (
        opened
        for opened in evidence.opened
        if opened.event is not None
        and opened.event["subject"] == subject
        and opened.event["type"].endswith(".notice.prepare.v1")
        and opened.event["type"].startswith(service)
    )
    return sorted(found, key=lambda opened: opened.record.offset)


def _at(opened: Opened) -> datetime:
    """The official time of a command: its record's."""
    return datetime.fromtimestamp(opened.record.timestamp / 1000, UTC)


def _opening(calendar: Event) -> Opens:
    """By the work and rest days of a published calendar."""
    known = calendar_of(calendar["data"])

    def opens(at: datetime) -> datetime:
        today = at.astimezone(SHANGHAI).date()
        days = (today + timedelta(days=ahead) for ahead in range(60))
        windows = (
            (datetime.combine(day, opened, SHANGHAI), datetime.combine(day, closed, SHANGHAI))
            for day in days
            if known.is_working_day(day)
            for opened, closed in OFFICE_HOURS
        )
        return next(max(at, opened) for opened, closed in windows if at < closed)

    return opens
