"""The paper of the town: the analysis of its last whole month, counted from what was played, published, and heard.

Everything before the office publishes it is played first, so it counts what a person would have counted then.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from services.cli.replaying.lives import Step
from services.cli.scenario.script import Planned, entry
from services.cli.scenario.vocabulary import words
from services.portal.figures.honours import RULES
from services.portal.figures.papers import Draft, draft
from services.portal.projection.batch import Applier
from services.portal.projection.building import Log, fill
from services.portal.projection.database import create
from services.portal.projection.topics import projected
from shared.bus.log_reader import ends_of
from shared.contract.commands.papers import PublishPaper, RecordMeeting
from shared.contract.subjects import subject_of
from shared.contract.words import PaperKind, Role
from shared.domain.clocks import SHANGHAI
from shared.domain.papers import Period, newest_over, paper_id

STEPS = 2
"""A paper is published, and heard."""
PUBLISHES = f"{Role.OFFICE}:duanrong"
CHAIRS = "qian"
CASES, NAMES = 3, 5
"""So many typical cases, and so many names on each list, are chosen of those that are proposed."""


class Meeting(NamedTuple):
    """When the office publishes the paper, when the leaders hear it, and on which issue they decide."""

    name: str
    jurisdiction: str
    published_at: datetime
    held_at: datetime
    decides_on: str

    @property
    def period(self) -> Period:
        """The last month that was over."""
        return newest_over(PaperKind.MONTHLY, self.published_at)

    def course(self, counted: Draft) -> Planned:
        """Both steps; each waits for all that is earlier."""
        subject = subject_of("paper", paper_id(self.jurisdiction, self.period))
        published = self._step(subject, PublishPaper.type, self.published_at, _paper(counted))
        heard = self._step(subject, RecordMeeting.type, self.held_at, self._heard())
        return Planned(subject=subject, steps=(published, heard))

    def _step(self, subject: str, kind: str, at: datetime, data: Mapping[str, Any]) -> Step:
        asked = entry(subject, kind, PUBLISHES, f"{self.name}/{subject}/{kind}", at, data)
        return Step("feedback", at, (asked,), shared=True)

    def _heard(self) -> dict[str, Any]:
        said = words()["meeting"]
        on = self.held_at.astimezone(SHANGHAI).date().isoformat()
        decided = {"issue": self.decides_on, "words": said["decision"]}
        heard = {"edition": 1, "held_on": on, "chaired_by": CHAIRS, "words": said["minutes"]}
        return {**heard, "decisions": [decided]}


def _paper(counted: Draft) -> dict[str, Any]:
    """What the office chooses of what is proposed, with its words."""
    honours = [
        {"list": rule.list.value, "rule_zh": rule.zh, "rule_en": rule.en, "honoured": names[:NAMES]}
        for rule in RULES
        if (names := counted.honours[rule.list])
    ]
    return {
        "as_of": counted.as_of.isoformat(),
        "positions": counted.positions,
        "preface": _preface(counted),
        "figures": counted.figures,
        "cases": [
            {"issue": one["id"], "title": one["title"], "words": _why(one)} for one in counted.cases[:CASES]
        ],
        "honours": honours,
    }


def _preface(counted: Draft) -> str:
    """What stands out, in the numbers that stand below it."""
    total = {one["figure"]: one for one in counted.figures if not one["department"]}
    numbers = {
        f"{name}_{part}": total[name][part]
        for name in ("registered", "on_time_reply", "satisfied")
        for part in ("numerator", "denominator")
    }
    preface: str = words()["meeting"]["preface"].format(**numbers)
    return preface


def _why(case: Mapping[str, Any]) -> str:
    """What makes it typical: by what it was proposed."""
    said = words()["meeting"]["cases"]
    kind = "turned" if case["turned"] else "together" if case["co_handlers"] else "fast"
    why: str = said[kind].format(count=case["co_handlers"] + 1, hours=case["hours"])
    return why


async def counted(log: Log, meeting: Meeting) -> Draft:
    """What the portal would propose, from all that stands in the log now."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as thread:
        database = create(Path(folder) / "counted.sqlite")
        try:
            until = await ends_of(log.bootstrap, lambda names: projected(names, log.prefix), log.prefix)
            await fill(Applier(database, log.jurisdiction), log, until, thread)
            return await asyncio.to_thread(draft, database, meeting.period, meeting.published_at)
        finally:
            database.close()
