"""Reference data as every service knows it: policies, calendars, the directory, routing rules, each with versions.

Owners publish versions on their compacted ``<owner>.reference`` topic; each worker follows all of them. A decision
takes the version in force at its own instant, and who comes after takes the version that was named (bus.md).
"""

from bisect import bisect_right, insort
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Generic, NamedTuple, TypeVar

from shared.contract.event import Event
from shared.contract.events.dispatch import (
    DepartmentPublished,
    RulesPublished,
    StaffPublished,
    WaysChosen,
)
from shared.contract.events.supervision import CalendarPublished, PolicyPublished
from shared.contract.subjects import id_of
from shared.contract.words import MAIL, Recalculation, Role
from shared.domain.calendar import Calendar
from shared.domain.clocks import Policy
from shared.domain.levels import highest, is_as_high

T = TypeVar("T")

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""What is built in is in force for every instant there is: history is played under it too."""


class NotPublished(LookupError):
    """A version that is not known here, or not yet: the reader catches up with the topic and decides again."""


class Versions(Generic[T]):
    """The versions of one thing, by the instant from which each is in force."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._by_name: dict[str, T] = {}
        self._from: list[tuple[datetime, int, str]] = []
        self._ranks: dict[str, int] = {}

    def add(self, version: str, in_force_from: datetime, value: T) -> None:
        """Take one version in; the same one again changes nothing."""
        if version not in self._by_name:
            self._by_name[version] = value
            insort(self._from, (in_force_from, len(self._by_name), version))
            self._ranks = {name: rank for rank, (*_, name) in enumerate(self._from)}

    def at(self, now: datetime) -> T:
        """The version in force at an instant; of two from the same instant the later published one."""
        place = bisect_right(self._from, (now, len(self._by_name) + 1, ""))
        if place == 0:
            raise NotPublished(f"no {self._what} is in force at {now.isoformat()}")
        return self._by_name[self._from[place - 1][2]]

    def named(self, version: str) -> T:
        """The version of this name."""
        try:
            return self._by_name[version]
        except KeyError:
            raise NotPublished(f"{self._what} {version!r} is not known here") from None

    def ruled_by(self, version: str, since: datetime, value: T) -> "Versions[T]":
        """The same versions, each known by its name, but from ``since`` on this one alone is in force."""
        ruled: Versions[T] = Versions(self._what)
        ruled._by_name = {**self._by_name, version: value}
        earlier = [entry for entry in self._from if entry[0] < since]
        ruled._from = [*earlier, (since, len(ruled._by_name), version)]
        ruled._ranks = {name: rank for rank, (*_, name) in enumerate(ruled._from)}
        return ruled

    def replaces(self, version: str, other: str) -> bool:
        """Whether a version comes into force behind another one; raises NotPublished where one is not known."""
        for name in (version, other):
            self.named(name)
        return self._ranks[version] > self._ranks[other]

    def all(self) -> tuple[T, ...]:
        """Every version, in the order of publication."""
        return tuple(self._by_name.values())

    def __bool__(self) -> bool:
        return bool(self._by_name)


class Renewal(NamedTuple):
    """A published version that reaches clocks that run: which of the two it is, from when on, and who published it."""

    because: Recalculation
    version: str
    at: datetime
    by: str


class Directory(NamedTuple):
    """The departments, officials and routing rules in force at one instant."""

    reference: "Reference"
    now: datetime

    def department(self, code: str) -> DepartmentPublished | None:
        """The entry of one department; None for a code that is not in the directory."""
        versions = self.reference.departments.get(code)
        try:
            return None if versions is None else versions.at(self.now)
        except NotPublished:
            return None

    def departments(self) -> Mapping[str, DepartmentPublished]:
        """Every entry by code, in the order of publication."""
        found = ((code, self.department(code)) for code in self.reference.departments)
        return {code: entry for code, entry in found if entry is not None}

    def level(self, code: str = "") -> str:
        """The level of a department. What none of the directory has is the jurisdiction's: the highest of all."""
        entry = self.department(code)
        return str(entry.level if entry else highest(str(one.level) for one in self.departments().values()))

    def official(self, account: str) -> StaffPublished | None:
        """The entry of one official; None for an account that is not in the directory."""
        versions = self.reference.staff.get(account)
        try:
            return None if versions is None else versions.at(self.now)
        except NotPublished:
            return None

    def acting_as(self, role: Role) -> tuple[str, ...]:
        """The accounts of the officials who have a role, in the order of publication."""
        entries = ((account, self.official(account)) for account in self.reference.staff)
        return tuple(account for account, entry in entries if entry is not None and role in entry.roles)

    def acting_at(self, role: Role, level: str) -> tuple[str, ...]:
        """Those of a role who are of a level; where there is nobody, of the next higher one that has somebody."""
        found = {account: self.official(account) for account in self.acting_as(role)}
        as_high = {
            one: entry.level for one, entry in found.items() if entry and is_as_high(entry.level, level)
        }
        lowest = (
            one for one, its in as_high.items() if all(is_as_high(all_, its) for all_ in as_high.values())
        )
        return tuple(lowest)

    def ways(self, account: str) -> tuple[str, ...]:
        """In which ways an official is told: by mail, as long as they chose nothing."""
        versions = self.reference.ways.get(account)
        try:
            return (MAIL,) if versions is None else versions.at(self.now).ways
        except NotPublished:
            return (MAIL,)

    def successor(self, code: str) -> str:
        """The department that has the work of this one: itself, or who took it over, however often merged."""
        passed: set[str] = set()
        while (entry := self.department(code)) is not None and entry.merged_into and code not in passed:
            passed.add(code)
            code = entry.merged_into
        return code

    def leading(self, code: str) -> tuple[str, ...]:
        """The accounts of a department's leaders; where its entry names none, of its handlers."""
        entry = self.department(code)
        return () if entry is None else entry.leaders or entry.handlers

    def phones(self) -> frozenset[str]:
        """The digits of every number that an office publishes as its own."""
        return frozenset(
            phone.replace("-", "") for entry in self.departments().values() for phone in entry.phones
        )

    def rules(self) -> RulesPublished:
        """The routing rules; raises NotPublished when there are none."""
        return self.reference.rules.at(self.now)


class Reference:
    """Everything published so far. ``learn`` takes each event in; the rest only reads."""

    def __init__(self) -> None:
        self.policies: Versions[Policy] = Versions("policy")
        self.calendars: Versions[Calendar] = Versions("calendar")
        self.rules: Versions[RulesPublished] = Versions("routing rules")
        self.departments: dict[str, Versions[DepartmentPublished]] = {}
        self.staff: dict[str, Versions[StaffPublished]] = {}
        self.ways: dict[str, Versions[WaysChosen]] = {}
        self.renewals: tuple[Renewal, ...] = ()
        """What reaches running clocks, in the order in which it comes into force."""

    def learn(self, subject: str, event: Event) -> None:
        """Take one published version in; other events are left alone."""
        match event:
            case PolicyPublished():
                self.policies.add(event.version, event.in_force_from, event.policy)
                if event.applies_to_running:
                    self._renew(Recalculation.POLICY, event)
            case CalendarPublished():
                calendar = Calendar(event.published_through, event.days)
                self.calendars.add(event.version, event.in_force_from, calendar)
                self._renew(Recalculation.CALENDAR, event)
            case RulesPublished():
                self.rules.add(event.version, event.in_force_from, event)
            case DepartmentPublished():
                code = id_of(subject)
                versions = self.departments.setdefault(code, Versions(subject))
                versions.add(event.version, event.in_force_from, self._without_circle(code, event))
            case StaffPublished():
                entries = self.staff.setdefault(id_of(subject), Versions(subject))
                entries.add(event.version, event.in_force_from, event)
            case WaysChosen():
                chosen = self.ways.setdefault(id_of(subject), Versions(subject))
                chosen.add(event.version, event.in_force_from, event)

    def _renew(self, because: Recalculation, event: PolicyPublished | CalendarPublished) -> None:
        """Note a version that reaches running clocks; what is built in reaches none, for nothing ran before it."""
        renewal = Renewal(because, event.version, event.in_force_from, event.by)
        if renewal.at > BEGINNING and renewal not in self.renewals:
            self.renewals = tuple(sorted((*self.renewals, renewal), key=lambda one: one.at))

    def successor(self, code: str) -> str:
        """The department that has the work of this one by now, whatever instant is decided about."""
        while (versions := self.departments.get(code)) and (into := versions.all()[-1].merged_into):
            code = into
        return code

    def _without_circle(self, code: str, entry: DepartmentPublished) -> DepartmentPublished:
        """Of mergers that were decided at once and would close a circle, the one published last does not count."""
        circle = entry.merged_into and self.successor(entry.merged_into) == code
        return entry.model_copy(update={"merged_into": ""}) if circle else entry

    def missing(self) -> list[str]:
        """What has no version at all yet, departments that the rules name included: without it nothing is decided."""
        parts = {
            "policy": self.policies,
            "calendar": self.calendars,
            "departments": self.departments,
            "rules": self.rules,
        }
        named = {code for rules in self.rules.all() for code in (rules.fallback, *rules.keywords)}
        unknown = sorted(named - self.departments.keys())
        return [
            *(name for name, versions in parts.items() if not versions),
            *(f"department {code}" for code in unknown),
        ]

    def directory(self, now: datetime) -> Directory:
        """The directory in force at an instant."""
        return Directory(self, now)
