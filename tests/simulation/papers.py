"""Papers of a town and the meetings that hear them: in time or too early, twice, about whatever there is.

Drawn apart, so that other towns go their way as before.
"""

from datetime import date, timedelta
from random import Random
from typing import Any

from shared.bus.gateway import Request
from shared.contract.command import Command
from shared.contract.commands.dispatch import PublishStaff
from shared.contract.commands.papers import (
    Case,
    MeetingDecision,
    PaperFigure,
    PublishPaper,
    ReadOf,
    RecordMeeting,
)
from shared.contract.subjects import subject_of
from shared.contract.words import FigureName, PaperKind, Role
from shared.domain.clocks import SHANGHAI
from shared.domain.papers import Period, newest_over, paper_id
from tests.simulation.beginning import JURISDICTION
from tests.simulation.clients import DAY, HOUR, SECOND, Clients
from tests.simulation.raising import Raised
from tests.simulation.scheduler import Scheduler

OFFICE, CHAIR = "office:chen", "jin"
AHEAD = (None, None, 3, 7, 0, 400)
"""In how many days a report is wanted; some of them too soon or too far, or rest days."""


class Papers:
    """The office of a town, which publishes papers and writes down what their meetings decided."""

    def __init__(self, scheduler: Scheduler, clients: Clients, rng: Random, everything: list[Raised]) -> None:
        self._scheduler, self._clients, self._rng = scheduler, clients, rng
        self._issues = [one.subject for one in everything] + ["NOSUCHISSUE00"]
        self._asked = 0

    async def work(self) -> None:
        """A leader is in the directory, and papers follow each other."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        leads = PublishStaff(name="金某", roles=(Role.LEADER,))
        if rng.random() < 0.9:
            await self._ask(subject_of("staff", CHAIR), leads, "administrator:wu")
        for _ in range(rng.randint(2, 5)):
            await clients.sleep(rng.choice((6 * HOUR, 2 * DAY, 5 * DAY, 12 * DAY)))
            await self._one(rng.choice(tuple(PaperKind)))
        clients.busy -= 1

    async def _one(self, kind: PaperKind) -> None:
        """One paper in an edition or two, mostly heard."""
        rng, now = self._rng, self._scheduler.clock.now()
        period = newest_over(kind, now)
        if rng.random() < 0.1:
            period = period._replace(place=period.place + len(period.months))
        paper = subject_of("paper", paper_id(JURISDICTION, period))
        editions = rng.choice((1, 1, 2))
        for edition in range(editions):
            supersedes = edition if rng.random() < 0.9 else edition + 1
            await self._ask(paper, self._publishes(period, supersedes), OFFICE)
            await self._clients.sleep(rng.choice((SECOND, HOUR, DAY)))
        for _ in range(rng.choice((0, 1, 1, 2))):
            edition = editions if rng.random() < 0.9 else editions + 1
            await self._ask(paper, self._meets(edition), OFFICE)
            await self._clients.sleep(rng.choice((SECOND, HOUR)))

    def _publishes(self, period: Period, supersedes: int) -> PublishPaper:
        rng = self._rng
        bottom = rng.randint(0, 60)
        top = rng.randint(0, bottom) if rng.random() < 0.95 else bottom + 1
        figure = PaperFigure(
            figure=FigureName.SATISFIED, period=period.name, numerator=top, denominator=bottom
        )
        chosen = rng.sample(self._issues, rng.randint(0, min(4, len(self._issues))))
        return PublishPaper(
            as_of=self._scheduler.clock.now() - timedelta(minutes=rng.choice((1, 5))),
            positions=(ReadOf(topic="intake.events", offsets=(1, 2)),),
            preface="本月",
            figures=(figure,),
            cases=tuple(Case(issue=issue, words="典型") for issue in chosen),
            supersedes=supersedes,
        )

    def _meets(self, edition: int) -> RecordMeeting:
        rng, today = self._rng, self._scheduler.clock.now().astimezone(SHANGHAI).date()
        decisions = tuple(
            MeetingDecision(
                issue=rng.choice(self._issues),
                words=rng.choice(("请一周内报方案", "请会同有关部门研究")),
                due_on=self._due_on(today),
            )
            for _ in range(rng.randint(0, 4))
        )
        return RecordMeeting(
            edition=edition,
            held_on=today if rng.random() < 0.9 else today + timedelta(days=1),
            chaired_by=CHAIR if rng.random() < 0.9 else "nobody",
            decisions=decisions,
        )

    def _due_on(self, today: date) -> date | None:
        ahead = self._rng.choice(AHEAD) if self._rng.random() < 0.3 else None
        return None if ahead is None else today + timedelta(days=ahead)

    async def _ask(self, subject: str, command: Command, actor: str) -> dict[str, Any] | None:
        self._asked += 1
        request = Request(subject, command, "http", actor, f"papers/{self._asked}")
        outcome = await self._clients.request(request)
        if self._rng.random() < 0.1:
            await self._clients.request(request)
        return None if outcome is None else dict(outcome)
