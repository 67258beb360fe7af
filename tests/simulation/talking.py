"""Talks of a town: announced, moved, opened, held, called off or forgotten; who takes part, and what is raised there.

Drawn apart, so that other towns go their way as before.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from shared.bus.gateway import Request
from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    AnswerOnTheSpot,
    AssignMany,
    BatchMember,
    ClaimIssue,
    PublishStaff,
)
from shared.contract.commands.intake import GivenOccasion
from shared.contract.commands.talks import (
    AnnounceTalk,
    AppointLeaders,
    Attendee,
    CancelTalk,
    ChangeTalk,
    HoldTalk,
    Leader,
    NamedParticipant,
    NameParticipants,
    OpenTalk,
    PostponeTalk,
    PublishRotation,
    RecordAttendance,
    SignUp,
    StayAway,
    SwapTurns,
    WeekOfRotation,
)
from shared.contract.subjects import subject_of
from shared.contract.words import OUTCOMES, LeadingBody, Phase, Role, Series, Source
from shared.domain.talks import day_of, talk_id
from tests.said import raiser
from tests.simulation.beginning import JURISDICTION
from tests.simulation.clients import DAY, HOUR, MINUTE, SECOND, Clients
from tests.simulation.raising import ACCOUNTS, Raised, raised
from tests.simulation.scheduler import Scheduler
from tests.simulation.sight import CHECKER, Sight

FEDERATION, CLERK = "federation:ma", "clerk:sun"
LEADERS = tuple(
    Leader(account=account, name="某某", post="副市长", body=body)
    for account, body in zip(("zhou", "shen", "tang"), LeadingBody, strict=False)
)
AGENDA = subject_of("agenda", JURISDICTION)


def _series(dice: float) -> Series:
    """Most are weekly; a few ask no leader, and to a few one comes by invitation alone."""
    if dice < 0.1:
        return Series.SERVICE_DAY
    return Series.ROUND_TABLE if dice < 0.2 else Series.WEEKLY


class Talking:
    """One talk after the other of a town, and those who come."""

    def __init__(self, scheduler: Scheduler, clients: Clients, rng: Random, number: int) -> None:
        self._scheduler, self._clients, self._rng, self._number = scheduler, clients, rng, number
        self._asked = 0
        # Of its own, so that all else goes its way as before.
        self._notes = Random(f"written down/{rng.getstate()[1][1]}/{number}")
        self._members: list[str] = []
        self._departments: Sequence[str] = ()

    async def plan(self) -> None:
        """The year's rotation, and two who change their turns."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        rotation = subject_of("rotation", f"{JURISDICTION}-{self._scheduler.clock.now():%Y}")
        weeks = tuple(WeekOfRotation(week=week, leaders=LEADERS[week % 2 :][:1]) for week in range(1, 5))
        for command in (
            PublishRotation(weeks=weeks),
            SwapTurns(week=1, other_week=rng.choice((2, 3, 9)), reason="外出"),
        ):
            await self._ask(rotation, command, FEDERATION)
        for code in clients.departments:
            person = PublishStaff(name="某某", roles=(Role.DEPARTMENT_LEADER,), department=code)
            await self._ask(subject_of("staff", f"at-{code}"), person, "administrator:ad", self._notes)
        clients.busy -= 1

    async def organise(self) -> None:
        """One talk, from its announcement until nobody cares for it any more."""
        clients, rng, number = self._clients, self._rng, self._number
        clients.busy += 1
        await clients.ready()
        await clients.sleep(rng.choice((0, HOUR, DAY)))
        talk = await self._announced(number)
        for each in range(rng.choice((1, 2, 3, 5))):
            self._scheduler.spawn("client", clients.live(40 + 10 * number + each, self._member(talk)))
        for _ in range(rng.randint(1, 4)):
            await clients.sleep(rng.choice((20 * SECOND, HOUR, HOUR)))
            await self._ask(*self._before(talk))
        if rng.random() < 0.5:
            for account in range(ACCOUNTS):
                await self._ask(subject_of("talk", talk), SignUp(), raiser(f"p{account}"))
        if rng.random() < 0.8:
            await self._hold(talk)
        else:  # nobody remembers it, until its issues start without it
            await clients.sleep(rng.choice((0, 0, 12 * DAY, 20 * DAY)))
            if rng.random() < 0.6:
                await self._ask(AGENDA, self._moved(talk, 9000), FEDERATION)
        for late in range(rng.choice((1, 2))):
            self._scheduler.spawn("client", clients.live(48 + 10 * number + late, self._member(talk)))
            await clients.sleep(rng.choice((HOUR, 2 * DAY)))
            await self._ask(*self._before(talk))
        clients.busy -= 1

    async def call_off(self) -> None:
        """One that moves, perhaps twice, and is called off while some are still to hear that it moved."""
        clients, rng = self._clients, self._rng
        clients.busy += 1
        await clients.ready()
        for leader in LEADERS:  # who leads it is in the directory, and is told too
            person = PublishStaff(name=leader.name, roles=(Role.LEADER,))
            await self._ask(subject_of("staff", leader.account), person, "administrator:ad")
        talk = await self._announced(self._number)
        for account in range(ACCOUNTS):
            await self._ask(subject_of("talk", talk), SignUp(), raiser(f"p{account}"))
        for hours in rng.choice(((30,), (3, 30))):
            await self._ask(AGENDA, self._moved(talk, hours), FEDERATION)
            await clients.sleep(rng.choice((SECOND, MINUTE, 4 * MINUTE)))
        await self._ask(subject_of("talk", talk), CancelTalk(reason="台风"), FEDERATION)
        clients.busy -= 1

    async def _announced(self, number: int) -> str:
        rng, codes = self._rng, self._clients.departments
        starts_at = self._scheduler.clock.now().replace(microsecond=0) + timedelta(
            hours=rng.choice((2, 5, 26, 80))
        )
        announce = AnnounceTalk(
            series=_series(rng.random()),
            number=number + 1,
            theme="用地与能耗",
            place="恳谈室",
            capacity=rng.choice((1, 1, 2, 20)),
            organiser="工商联",
            leaders=tuple(rng.sample(LEADERS, rng.choice((0, 1, 1, 2)))),
            departments=tuple(rng.sample(codes, 2)),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=rng.choice((1, 3))),
        )
        self._departments = announce.departments
        outcome = await self._ask(AGENDA, announce, FEDERATION)
        if rng.random() < 0.3 or (outcome or {}).get("reason") == "leader_missing":
            announce = announce.model_copy(update={"leaders": announce.leaders or LEADERS[:1]})
            await self._ask(AGENDA, announce, FEDERATION)
        if self._notes.random() < 0.4:  # somebody else wants the same leaders at the same time
            other = announce.model_copy(update={"number": number + 7, "theme": "用工"})
            await self._ask(AGENDA, other, FEDERATION, self._notes)
        return talk_id(JURISDICTION, announce.series, day_of(starts_at), number + 1)

    def _member(self, talk: str) -> Raised:
        """An issue of the talk, in whichever phase whoever writes it down takes it to be."""
        rng = self._rng
        one = raised(rng.randrange(1_000_000), rng)
        about = {name: value for name, value in one.about.items() if name != "called_from"}
        phase = rng.choice((Phase.BEFORE, Phase.AT, Phase.AT, Phase.AFTER))
        about |= {"origin": Source.TALK, "phase": phase, "occasion": GivenOccasion(id=talk)}
        self._members.append(one.subject)
        return one._replace(about=about)

    def _before(self, talk: str) -> tuple[str, Command, str]:
        """Something that somebody asks about a talk, at whichever moment."""
        rng, subject = self._rng, subject_of("talk", talk)
        person = raiser(f"p{rng.randrange(ACCOUNTS)}")
        reference = person.partition(":")[2]
        if rng.random() < 0.5:
            named = NamedParticipant(person=reference, written=rng.random() < 0.3)
            return rng.choice(
                (
                    (subject, SignUp(), person),
                    (subject, SignUp(), person),
                    (subject, StayAway(), person),
                    (subject, NameParticipants(participants=(named,)), FEDERATION),
                    (subject, RecordAttendance(attendees=(Attendee(person=reference),)), CLERK),
                )
            )
        moves = self._moved(talk, rng.choice((1, 3, 30, -30)))
        codes = self._clients.departments
        said: dict[str, Any] = {"theme": "用工", "place": "会议室", "capacity": rng.choice((1, 20))}
        return rng.choice(
            (
                (AGENDA, moves, FEDERATION),
                (AGENDA, moves, FEDERATION),
                (
                    AGENDA,
                    AppointLeaders(talk=talk, leaders=tuple(rng.sample(LEADERS, 1)), reason="调整"),
                    FEDERATION,
                ),
                (subject, ChangeTalk(**said, departments=tuple(rng.sample(codes, 2))), FEDERATION),
                (subject, CancelTalk(reason="台风"), FEDERATION),
                (subject, OpenTalk(), CLERK),
                (subject, HoldTalk(), CLERK),
            )
        )

    def _moved(self, talk: str, hours: int) -> PostponeTalk:
        starts_at = self._scheduler.clock.now().replace(microsecond=0) + timedelta(hours=hours)
        return PostponeTalk(
            talk=talk, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), reason="防汛"
        )

    async def _hold(self, talk: str) -> None:
        """On its day it is opened, departments claim and answer, and it ends."""
        clients, rng, subject = self._clients, self._rng, subject_of("talk", talk)
        state = (self._scheduler.collections["intake"].look(subject) or {}).get("state") or {}
        if state:
            at = int(datetime.fromisoformat(state["starts_at"]).timestamp() * 1000)
            await clients.sleep(max(0, at + rng.choice((-HOUR, MINUTE)) - self._scheduler.clock.ms))
        await self._ask(subject, OpenTalk(), CLERK)
        person = raiser(f"p{rng.randrange(ACCOUNTS)}").partition(":")[2]
        await self._ask(subject, RecordAttendance(attendees=(Attendee(person=person),)), CLERK)
        for _ in range(rng.randint(2, 8)):
            await self._at_the_table()
            await clients.sleep(rng.choice((20 * SECOND, 10 * MINUTE)))
        for _ in range(rng.choice((1, 1, 2))):
            await self._ask(subject, HoldTalk(), CLERK)
        if rng.random() < 0.4:
            await self._one_key(talk)
        if self._notes.random() < 0.6:  # the line was cut while they spoke
            late = raiser(f"p{self._notes.randrange(ACCOUNTS)}").partition(":")[2]
            await self._ask(subject, RecordAttendance(attendees=(Attendee(person=late),)), CLERK, self._notes)

    async def _at_the_table(self) -> None:
        """A department that is there, or one that is not, claims one of the issues or answers it."""
        rng = self._rng
        issue = rng.choice(self._members)
        sight = Sight(self._scheduler.log.by_subject.get(issue, ()))
        code = rng.choice((*self._departments, rng.choice(self._clients.departments)))
        code = sight.department if sight.department and rng.random() < 0.7 else code
        if self._notes.random() < 0.7:
            await self._write_down()
        if rng.random() < 0.5:
            await self._ask(issue, ClaimIssue(), f"handler:{code}/qin")
            return
        answers = AnswerOnTheSpot(outcome=rng.choice(OUTCOMES[sight.kind][:3]), text="当场答复")
        await self._ask(issue, answers, f"department_leader:{code}/leader")

    async def _write_down(self) -> None:
        """Who keeps the record writes it down for a department, mostly for one that is there and may still claim."""
        notes, by_subject = self._notes, self._scheduler.log.by_subject
        sights = {issue: Sight(by_subject.get(issue, ())) for issue in self._members}
        free = [
            issue
            for issue, sight in sights.items()
            if sight.intake == "accepted" and not sight.department and notes.random() < 0.9
        ]
        codes = self._departments if notes.random() < 0.8 else (*self._clients.departments, "nowhere")
        issue, official = notes.choice(free or self._members), f"at-{notes.choice(codes)}"
        actor = notes.choice((CLERK, CHECKER))
        if notes.random() < 0.5:
            await self._ask(issue, ClaimIssue(official=official), actor, notes)
            return
        outcome = notes.choice(OUTCOMES[sights[issue].kind][:3])
        answers = AnswerOnTheSpot(outcome=outcome, text="当场答复", official=official)
        await self._ask(issue, answers, actor, notes)

    async def _one_key(self, talk: str) -> None:
        """The office assigns what was raised, whatever became of it meanwhile."""
        rng, codes = self._rng, self._clients.departments
        chosen = rng.sample(self._members, rng.randint(1, len(self._members)))
        chosen += ["NOSUCHISSUE00"] if rng.random() < 0.2 else []
        members = tuple(BatchMember(issue=issue, department=rng.choice(("", *codes))) for issue in chosen)
        for _ in range(rng.choice((1, 1, 2))):
            asked = AssignMany(members=members, talk=talk)
            await self._ask(subject_of("batch", f"b-{talk}"), asked, "office:chen")

    async def _ask(
        self, subject: str, command: Command, actor: str, rng: Random | None = None
    ) -> dict[str, Any] | None:
        self._asked += 1
        rng = rng or self._rng
        key = f"talking/{self._number}/{self._asked}"
        request = Request(subject, command, "http", actor, key)
        outcome = await self._clients.request(request)
        if rng.random() < 0.05:
            await self._clients.request(request)
        return None if outcome is None else dict(outcome)
