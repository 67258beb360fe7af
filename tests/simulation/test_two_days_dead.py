"""Supervision is dead for two days, over many deadlines: all of them fire once, in order, and say how late they are."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.bus.gateway import Request, sealed
from shared.contract.command import Command, FireDeadline
from shared.contract.commands.dispatch import AssignIssue
from shared.contract.commands.intake import AcceptIssue
from shared.contract.envelope import open_envelope
from shared.domain.clocks import Started, read_clock
from tests.said import issue_of, raiser, registration
from tests.simulation.beginning import JURISDICTION
from tests.simulation.checker import check
from tests.simulation.faults import Rates
from tests.simulation.simulation import Town, _history, _quiet, silent
from tests.simulation.tasks import virtual_time

SEED = 290
"""A Monday morning; nobody is off on a working day of the weeks that follow."""
ISSUES, HOUR = 60, timedelta(hours=1)
DEAD = timedelta(days=2)
CLOCKS = ("assign", "promise")
Event = dict[str, Any]


class Dead:
    """A calm town in which much is registered; then nobody fires anything for two days."""

    def __init__(self) -> None:
        self.town = Town(SEED, silent)
        self.scheduler = self.town.scheduler
        self.scheduler.rates = Rates()
        self._asked = 0
        self.ids: list[str] = []
        self.dead_at = self.back_at = self.scheduler.clock.now()

    def ask(self, id: str, actor: str, command: Command) -> None:
        """Somebody asks, at this instant."""
        self._asked += 1
        request = Request(id, command, "http", actor, f"dead/{self._asked}")
        record = sealed(request, f"/{JURISDICTION}/{command.service}")
        self.scheduler.log.append(record, self.scheduler.clock.ms)

    def register(self, over: timedelta) -> None:
        """So many issues, one after the other."""
        began = self.scheduler.clock.now()
        for number in range(ISSUES):
            self.until(began + number * over / ISSUES)
            self.ids.append(issue_of(JURISDICTION, "li", f"dead-{len(self.ids)}"))
            self.ask(self.ids[-1], raiser("li"), registration(self.ids[-1], "路灯", "坏了"))

    def rest(self) -> None:
        """Until all that was asked has been done."""
        while not _quiet(self.town):
            self.scheduler.step()

    def until(self, at: datetime) -> None:
        """Let time pass."""
        ms = int(at.timestamp() * 1000)
        self.scheduler.after(max(0, ms - self.scheduler.clock.ms), lambda: None)
        while self.scheduler.clock.ms < ms:
            self.scheduler.step()

    def end(self, service: str) -> None:
        """kill -9 of all that works for a service, and nobody starts it again."""
        self.scheduler.away.add(service)
        for worker in [one for one in self.scheduler.workers if one.service == service]:
            self.scheduler.kill(worker)

    def begin(self, service: str) -> None:
        """It is started again."""
        self.scheduler.away.discard(service)
        self.scheduler._patience = 5_000  # what is overdue is looked at often again, and not once a day
        self.scheduler.start_worker(service)
        self.town.trouble.rebalance(service)

    def told(self, topic: str) -> Iterator[Event]:
        """What stands on a topic, each partition in its order."""
        for part in self.scheduler.log.ends(topic):
            for raw in part:
                yield open_envelope(raw.value).model_dump(mode="json")


@pytest.fixture(scope="module")
def dead() -> Iterator[Dead]:
    """Promises of two weeks ago and what waits for the office fall due while supervision is dead. One is assigned in
    time meanwhile, by a dispatch that is heard of only when its breach was recorded."""
    dead = Dead()
    with virtual_time(dead.scheduler):
        dead.rest()
        dead.register(30 * HOUR)
        dead.rest()
        first = thresholds(dead, dead.ids[0])["promise"]["due"] - HOUR
        dead.until(first - 2 * DEAD - 8 * HOUR)
        dead.register(30 * HOUR)
        late = dead.ids[-ISSUES]
        dead.ask(late, "office:chen", AcceptIssue(title="路灯", text="坏了"))
        dead.until(first)
        dead.dead_at = dead.scheduler.clock.now()
        dead.end("supervision")
        dead.end("dispatch")
        dead.ask(late, "office:chen", AssignIssue(department="housing"))
        dead.until(first + DEAD)
        dead.begin("supervision")
        dead.back_at = dead.scheduler.clock.now()
        dead.until(first + DEAD + HOUR)
        dead.begin("dispatch")
        dead.until(first + DEAD + 2 * HOUR)
        dead.rest()
        yield dead
        for task in dead.scheduler.tasks:
            task.coroutine.close()


def thresholds(dead: Dead, id: str) -> dict[str, dict[str, datetime]]:
    """When the clocks of an issue warn and fall due, counted from their starts."""
    policy, found = builtin_policy(), {}
    for event in dead.told("supervision.events"):
        if (
            event["type"] == "clock.started.v1"
            and event["subject"] == id
            and event["data"]["clock"] in CLOCKS
        ):
            name = event["data"]["clock"]
            facts = (Started(datetime.fromisoformat(event["data"]["started_at"]), policy.limits[name]),)
            reading = read_clock(facts, policy, builtin_calendar(), warnings=policy.warnings_of(name))
            found[name] = dict(reading.deadlines)
    return found


def test_every_deadline_fires_once_with_its_due_time_and_how_late_it_is(dead: Dead) -> None:
    grace = timedelta(seconds=builtin_policy().grace_seconds)
    all_of_them = {id: thresholds(dead, id) for id in dead.ids}
    fired: Counter[tuple[str, str, str]] = Counter()
    late = 0
    for event in dead.told("supervision.events"):
        data = event["data"]
        if event["type"] in ("clock.warned.v1", "clock.breached.v1") and data["clock"] in CLOCKS:
            due, name = all_of_them[event["subject"]][data["clock"]], data.get("threshold", "due")
            fired[event["subject"], data["clock"], name] += 1
            passed = datetime.fromisoformat(event["time"]) - due[name] - grace
            assert datetime.fromisoformat(data["due_at"]) == due["due"]
            assert data["late_seconds"] == pytest.approx(passed.total_seconds(), abs=0.01)
            late += passed > HOUR
    now = dead.scheduler.clock.now() - grace
    assert fired == Counter(
        (id, clock, name)
        for id, clocks in all_of_them.items()
        for clock, due in clocks.items()
        for name, at in due.items()
        if at < now
    )
    assert late > 2 * ISSUES


def test_the_steps_that_follow_from_it_come_once_each_and_say_how_late_they_are(dead: Dead) -> None:
    raised = [event for event in dead.told("supervision.events") if event["type"] == "ladder.raised.v1"]
    steps = Counter((event["subject"], event["data"]["step"]) for event in raised)
    assert set(steps.values()) == {1}
    assert {id for id, _ in steps} == set(dead.ids[:ISSUES])
    assert {step for _, step in steps} == {1, 2}
    waited = [event for event in raised if event["data"]["due_at"] < dead.back_at.isoformat()]
    assert len(waited) > ISSUES and all(
        event["data"]["late_seconds"] > HOUR.total_seconds() / 2 for event in waited
    )


def test_an_issues_deadlines_come_in_order_once_each_and_whose_is_the_oldest_comes_first(dead: Dead) -> None:
    names: Counter[tuple[str, str]] = Counter()
    issues = 0
    for part in dead.scheduler.log.ends("supervision.commands"):
        posted: dict[str, list[str]] = defaultdict(list)
        for command in (open_envelope(raw.value) for raw in part):
            if command.type == FireDeadline.type:
                posted[command.subject].append(command.data["due_at"])
                names[command.subject, command.data["name"]] += 1
        assert all(due == sorted(due) for due in posted.values())
        while_dead = [due for due in (dues[0] for dues in posted.values()) if due > dead.dead_at.isoformat()]
        assert while_dead == sorted(while_dead)
        issues += len(while_dead)
    assert issues >= ISSUES and set(names.values()) == {1}


def test_what_a_fact_from_before_the_deadline_disproves_is_annulled_and_nothing_else(dead: Dead) -> None:
    annulled = [
        event for event in dead.told("supervision.events") if event["type"] == "clock.breach_annulled.v1"
    ]
    assert [(event["subject"], event["data"]["clock"]) for event in annulled] == [
        (dead.ids[-ISSUES], "assign")
    ]
    breached = [event for event in dead.told("supervision.events") if event["type"] == "clock.breached.v1"]
    assert len(breached) > 2 * ISSUES


def test_the_checker_finds_nothing_wrong_with_it(dead: Dead) -> None:
    assert check(_history(dead.town)) == []
