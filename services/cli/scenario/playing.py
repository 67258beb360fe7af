"""A scenario is played as history: into the live namespace while it is empty, or into one of its own.

What was cut off is played on from the first step, each of which happens once.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import httpx

from services.cli.embedded.ports import SERVICES
from services.cli.embedded.services import Parts, history_services, jurisdiction
from services.cli.identity import Deployment
from services.cli.replaying.drive import Driver
from services.cli.replaying.lives import Course
from services.cli.replaying.reads import READS
from services.cli.scenario.beginning import Beginning
from services.cli.scenario.huzhou import plan as huzhou
from services.cli.scenario.papers import STEPS, counted
from services.cli.scenario.plan import Place, Town, plan
from services.cli.scenario.starting import FIRST_SEED, SIZE, Scenario
from services.portal.projection.building import Log
from shared.bus.namespaces import namespaces
from shared.bus.reader import group_lag, read_all, topic_names
from shared.contract.event import INTAKE
from shared.contract.subjects import kind_of
from shared.domain.clocks import SHANGHAI
from shared.domain.reference import BEGINNING
from shared.identity.keys import REFERENCE, secret
from shared.identity.references import References
from shared.settings import BODY_BYTES

Progress = Callable[[int, int], None]
"""Told how many inputs have happened, of how many."""


class NotEmpty(RuntimeError):
    """History is not played into this live namespace: says why."""


def today() -> date:
    """The day in Shanghai."""
    return datetime.now(SHANGHAI).date()


def wanted(scenario: Scenario, seed: int = FIRST_SEED, size: int = SIZE) -> Beginning:
    """A scenario as it is played today; ``seed`` and ``size`` (issues) are of the town alone."""
    return Beginning(scenario.value, seed, today().isoformat(), size)


async def begin(parts: Parts, asked: Beginning, progress: Progress = lambda done, of: None) -> Town | None:
    """Play it into the live namespace, or play on what was cut off; None where that has its history already.

    Raises NotEmpty where somebody was at work there before, or is now.
    """
    beginning = Beginning.read(parts.data_dir)
    if beginning is not None and beginning.ended:
        return None
    if beginning is None:
        if busy := await _at_work(parts):
            raise NotEmpty(busy)
        beginning = asked
        beginning.write(parts.data_dir)
    town = _planned(parts, beginning)
    async with history_services(parts, namespace="", beginning=True, invented_people=True) as services:
        urls = {name: child.url for name, child in services.items()}
        await _play_once(parts, urls, town, progress)
    replace(beginning, ended=True).write(parts.data_dir)
    return town


async def play_apart(
    parts: Parts, namespace: str, asked: Beginning, progress: Progress = lambda done, of: None
) -> Town:
    """Play it into a namespace of history, beside whatever runs."""
    town = _planned(parts, asked)
    async with history_services(parts, namespace=namespace, invented_people=True) as services:
        urls = {name: child.url for name, child in services.items()}
        await _play(parts, urls, town, namespace, progress)
    return town


async def _at_work(parts: Parts) -> str:
    """Why nothing may be played into the live namespace; "" where it is empty and nobody reads there."""
    if await _has_issues(parts.kafka_bootstrap):
        return "there are issues already"
    live = [one for one in await namespaces(parts.kafka_bootstrap, SERVICES) if one.name == ""]
    if live and live[0].readers:
        return f"{', '.join(live[0].readers)} is at work"
    return ""


async def _has_issues(bootstrap: str) -> bool:
    """Whether anybody raised anything: the first event about an issue says so, and mostly comes early."""
    if INTAKE not in await topic_names(bootstrap):
        return False
    async for record in read_all(bootstrap, [INTAKE]):
        if kind_of((record.key or b"").decode("utf-8", "replace")) == "issue":
            return True
    return False


def _planned(parts: Parts, beginning: Beginning) -> Town:
    references = References(secret(parts.keys_dir, REFERENCE))
    place = Place(jurisdiction(), references)
    if beginning.scenario == Scenario.HUZHOU:
        return huzhou.plan(place)
    return plan(date.fromisoformat(beginning.on), beginning.seed, place, beginning.size)


async def _play(parts: Parts, urls: dict[str, str], town: Town, namespace: str, progress: Progress) -> None:
    """All that is before a paper is played first: what it says is counted from that."""
    prefix, now = f"{namespace}." if namespace else "", datetime.now(UTC)
    if namespace and town.ends_at is not None:  # in the live namespace time goes on up to now
        now = town.ends_at
    meeting, courses = town.meeting, town.courses
    inputs = sum(course.inputs(now) for course in courses) + (STEPS if meeting else 0)
    async with group_lag(parts.kafka_bootstrap, prefix, READS) as lag:

        async def play(courses: Sequence[Course], until: datetime, sweep_until: datetime) -> None:
            await Driver(
                urls,
                lag,
                courses,
                until=until,
                sweep_until=sweep_until,
                auth=_auth(parts),
                progress=lambda done: progress(done, inputs),
                body_bytes=int(os.environ.get("QINQING_BODY_BYTES") or BODY_BYTES),
            ).run()

        if meeting is not None:
            await play(courses, meeting.published_at, BEGINNING)
            said = await counted(Log(parts.kafka_bootstrap, prefix, jurisdiction()), meeting)
            courses = (*courses, meeting.course(said))
        await play(courses, now, now)


async def _play_once(parts: Parts, urls: dict[str, str], town: Town, progress: Progress) -> None:
    """Play, then end the history: from here on nobody brings a time of their own (docs/decisions/0035)."""
    async with httpx.AsyncClient(auth=_auth(parts), timeout=30.0, trust_env=False) as client:
        ended = [(await client.get(f"{url}/history/end")).raise_for_status().json() for url in urls.values()]
        if not any(one["ended"] for one in ended):
            await _play(parts, urls, town, "", progress)
        for url in urls.values():
            (await client.post(f"{url}/history/end")).raise_for_status()


def _auth(parts: Parts) -> httpx.Auth:
    return Deployment(parts.keys_dir, jurisdiction(), False).own("operator")
