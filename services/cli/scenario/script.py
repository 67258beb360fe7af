"""One invented issue, written step by step: each verb adds the command that its person asks, at its instant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.cli.replaying.lives import Course, Entry, Step
from services.cli.scenario.people import Firm
from services.cli.scenario.vocabulary import departments, routed
from services.dispatch.issue.life import draft_hash
from services.intake.issue.numbers import issue_id
from shared.contract.commands.people import RecordEnterprise, RegisterPerson
from shared.contract.subjects import subject_of
from shared.contract.words import Outcome, Role, Source
from shared.domain.decisions import Reason
from shared.identity.references import References


@dataclass(slots=True, kw_only=True)
class Planned(Course):
    """A course whose steps are all known before the first of them."""

    steps: tuple[Step, ...]

    def inputs(self, until: datetime) -> int:
        """All of them lie before today."""
        return sum(step.at <= until for step in self.steps)

    def next_input(self) -> Step | None:
        """The next one of the plan."""
        return self.steps[self.step] if self.step < len(self.steps) else None

    def next_shared(self) -> datetime | None:
        """The first of those that are left."""
        return next((step.at for step in self.steps[self.step :] if step.shared), None)

    def where(self) -> str:
        """By what it is about, and the instant."""
        at = self.steps[min(self.step, len(self.steps) - 1)].at
        return f"{self.subject} at {at:%Y-%m-%d %H:%M}"

    def done(self, step: Step, outcomes: Any) -> None:
        """Go on; what was decided before playing was cut off, and is sealed again otherwise by now, is done."""
        again = {"status": "done"}
        known = [again if one.get("reason") == Reason.ID_REUSED.value else one for one in outcomes]
        Course.done(self, step, known)


def entry(subject: str, kind: str, actor: str, key: str, at: datetime, data: Mapping[str, Any]) -> Entry:
    """One command of a plan, with its instant."""
    asked = {"subject": subject, "type": kind, "data": data, "actor": actor, "key": key}
    return {**asked, "at": at.isoformat()}


@dataclass(slots=True)
class Script:
    """The steps of one issue, and what the next of them refers to: assignment, draft, round, version."""

    name: str
    firm: Firm
    jurisdiction: str
    references: References
    anonymous: bool = False
    recorder: str = ""
    """The official who writes it down, as an actor; empty for who raises it themselves."""
    steps: list[Step] = field(default_factory=list)
    department: str = ""
    assignments: int = 0
    drafts: int = 0
    round: int = 1
    read: dict[str, Any] = field(default_factory=dict)
    """Assignment, number and hash of the newest draft."""
    answer: tuple[Outcome, str, date | None] | None = None
    version: int = 1
    circle: str = ""
    """The talk that it comes from."""

    @property
    def person(self) -> str:
        """The reference of who speaks for the enterprise."""
        return self.references.person(self.firm.account)

    @property
    def subject(self) -> str:
        """The issue's id, as intake would give it."""
        return issue_id(self.references.digest, self.jurisdiction, self.recorder or self.person, self.name)

    @property
    def raiser(self) -> str:
        """Who raised it as an actor, as they stand on this issue."""
        own = self.references.on_issue(self.subject, self.person, anonymous=self.anonymous)
        return f"{Role.ENTREPRENEUR}:{own}"

    @property
    def held(self) -> dict[str, str]:
        """The assignment that is current."""
        return {"assignment": f"{self.subject}.{self.assignments}"}

    def course(self) -> Planned:
        """The whole of it, to be played."""
        return Planned(subject=self.subject, circle=self.circle, steps=tuple(self.steps))

    def ask(self, verb: str, actor: str, at: datetime, **data: Any) -> None:
        """One command: ``dispatch.sign`` and the like."""
        self.steps.append(self._step(self.subject, f"{verb}.v1", actor, at, data))

    def known(self, at: datetime) -> Iterator[Planned]:
        """Before all issues: the person registers, and a clerk records the enterprise."""
        firm, person = self.firm, subject_of("person", self.person)
        contact = {"name": firm.person, "phone": firm.phone, "mail": firm.mail}
        open_to_all = {"enterprise": firm.code, "trade": firm.trade, "channels": ["link", "mail"]}
        by = f"{Role.ENTREPRENEUR}:{self.person}"
        registers = self._step(person, RegisterPerson.type, by, at, {**contact, **open_to_all})
        yield Planned(subject=person, steps=(registers,))
        enterprise = subject_of("enterprise", firm.code)
        about = {"name": firm.name, "trade": firm.trade, "size": firm.size.value, "district": firm.district}
        given = {**about, "contacts": [self.person]}
        recorded = self._step(enterprise, RecordEnterprise.type, f"{Role.CLERK}:sun", at, given)
        yield Planned(subject=enterprise, steps=(recorded,))

    def _step(self, subject: str, kind: str, actor: str, at: datetime, data: Mapping[str, Any]) -> Step:
        key = f"{self.name}/{len(self.steps)}/{kind}"
        return Step(kind.partition(".")[0], at, (entry(subject, kind, actor, key, at, data),))

    # ----------------------------------------------------------------- intake

    def register(self, at: datetime, said: Mapping[str, Any]) -> None:
        """Raised by the person, or written down by an official for them."""
        named = self.recorder or self.anonymous
        whose = {"person": self.person} if named else {}
        origin = {} if self.recorder else {"origin": Source.ONLINE.value}
        data = {**origin, **said, **whose, "enterprise": self.firm.code}
        if self.anonymous:
            data["anonymous"] = True
        self.ask("intake.register", self.recorder or self.raiser, at, **data)

    # --------------------------------------------------------------- dispatch

    def assign(
        self, at: datetime, by: str, department: str, title: str = "", text: str = "", **more: Any
    ) -> None:
        """To this department; left to the rules where they choose the same. ``more``: whose opinion is asked for."""
        self.assignments += 1
        self.department = department
        rules = bool(title) and routed(title, text) == department
        lead = {} if rules else {"department": department}
        self.ask("dispatch.assign", f"office:{by}", at, **lead, **more)

    def claim(self, at: datetime, department: str, which: int) -> None:
        """On the spot, by one of this department's handlers."""
        self.assignments += 1
        self.department = department
        self.ask("dispatch.claim", self.of_department(Role.HANDLER, which), at)

    def answer_there(self, at: datetime, department: str, outcome: Outcome, text: str) -> None:
        """On the spot, by this department's leader: draft and signature in one."""
        self.assignments += 1
        self.drafts += 1
        self.department, self.answer = department, (outcome, text, None)
        leader = self.of_department(Role.DEPARTMENT_LEADER)
        self.ask("dispatch.answer_on_the_spot", leader, at, outcome=outcome.value, text=text)
        self.read = {**self.held, "draft": self.drafts, "sha256": draft_hash(outcome, text, None)}

    def rule(self, at: datetime, by: str, upheld: bool, department: str, reason: str) -> None:
        """On a return: upheld it goes to another department, with an assignment of its own."""
        held = self.held
        if upheld:
            self.assignments += 1
            self.department = department
        to = {"department": department} if upheld else {}
        self.ask("dispatch.rule", f"office:{by}", at, **held, upheld=upheld, reason=reason, **to)

    def of_department(self, role: Role, which: int = 0) -> str:
        """One of the department's people as an actor."""
        entry = departments()[self.department]
        people = entry.leaders if role is Role.DEPARTMENT_LEADER else entry.handlers
        return f"{role}:{self.department}/{people[which % len(people)]}"

    def draft(self, at: datetime, handler: str, outcome: Outcome, text: str, on: date | None) -> None:
        """A draft under the next number; who reads it names it by number and hash."""
        self.drafts += 1
        self.answer = (outcome, text, on)
        promised = {"promised_on": on.isoformat()} if on else {}
        self.ask("dispatch.draft", handler, at, **self.held, outcome=outcome.value, text=text, **promised)
        self.read = {**self.held, "draft": self.drafts, "sha256": draft_hash(outcome, text, on)}

    def correct(self, at: datetime, by: str, text: str, reason: str) -> None:
        """A corrected version beside the reply that is out."""
        assert self.answer is not None, "a reply is out"
        outcome, _, on = self.answer
        said = {**self.held, "round": self.round, "version": self.version, "sha256": self.read["sha256"]}
        self.ask("dispatch.correct", f"office:{by}", at, **said, text=text, reason=reason)
        self.version += 1
        self.read["sha256"] = draft_hash(outcome, text, on)
