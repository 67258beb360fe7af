"""History is driven by the plan and by deadlines, whichever is first; a sweep is no step and comes at the end."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.cli.replaying.drive import Driver
from services.cli.replaying.lives import Coming, Life, ReplayFailed, Step
from services.cli.replaying.messages import Message
from services.intake.issue.numbers import issue_id
from shared.contract.registry import COMMANDS, CONTROL

AT = datetime.fromisoformat("2019-04-01T08:00:00+08:00")
DAY = timedelta(days=1)
ANSWERED = Message(2, "m1", "li", "路灯", "坏了", AT, "已修", AT + 5 * DAY)
OPEN = Message(3, "m2", "", "道路", "坏了", AT, None, None)
UNTIL = AT + 30 * DAY
ASSIGNED = {"status": "done", "department": "housing", "assignment": "a.1"}
DONE = {"status": "done"}


def life(message: Message = ANSWERED) -> Life:
    return Life.of(message, "huzhou")


def play(one: Life, until: datetime = UNTIL) -> list[Step]:
    """Every step of a life without deadlines, each answered well."""
    steps: list[Step] = []
    while step := one.next(until):
        steps.append(step)
        one.done(step, [ASSIGNED if "assign" in entry["type"] else DONE for entry in step.entries])
    return steps


def test_the_plan_registers_accepts_assigns_signs_and_answers_at_the_real_times() -> None:
    steps = play(life())
    assert [(step.service, step.at, [entry["type"] for entry in step.entries]) for step in steps] == [
        ("intake", AT, ["intake.register.v1", "intake.accept.v1"]),
        ("dispatch", AT, ["dispatch.assign.v1"]),
        ("dispatch", AT, ["dispatch.sign.v1"]),
        (
            "dispatch",
            AT + 5 * DAY,
            ["dispatch.draft.v1", "dispatch.sign_off.v1", "dispatch.check.v1", "dispatch.release.v1"],
        ),
    ]
    for entry in (entry for step in steps for entry in step.entries):
        COMMANDS[entry["type"]].model_validate(entry["data"])
    assert steps[2].entries[0]["actor"] == "dept:housing/signs"
    assert life().inputs(UNTIL) == len(steps) == 4


def test_the_issues_id_is_the_one_that_its_author_would_be_given() -> None:
    assert life().subject == issue_id("huzhou", "entrepreneur:li", "m1")
    assert life(OPEN).subject == issue_id("huzhou", "entrepreneur:unknown", "m2")
    assert life().next(UNTIL).entries[0]["actor"] == "entrepreneur:li"  # type: ignore[union-attr]


def test_nothing_happens_after_the_end_that_was_asked_for() -> None:
    assert len(play(life(), AT + 5 * DAY - timedelta(seconds=1))) == life().inputs(AT + 4 * DAY) == 3
    assert life().next(AT - DAY) is None
    assert life().inputs(AT - DAY) == 0
    assert len(play(life(OPEN))) == life(OPEN).inputs(UNTIL) == 3


def test_a_deadline_before_the_next_input_is_first_and_one_at_the_same_instant_is_not() -> None:
    one = life()
    one.step = 3
    one.deadlines = [
        Coming(AT + 5 * DAY, "supervision", "promise/1/due/1"),
        Coming(AT + 2 * DAY, "supervision", "promise/1/70%/1"),
    ]
    step = one.next(UNTIL)
    assert step is not None
    (entry,) = step.entries
    CONTROL[entry["type"]].model_validate(entry["data"])
    assert (step.at, entry["data"]["name"]) == (AT + 2 * DAY, "promise/1/70%/1")
    one.done(step, [DONE])
    del one.deadlines[1]
    assert one.next(UNTIL).service == "dispatch"  # type: ignore[union-attr]


def test_a_deadline_that_is_void_twice_ends_the_replay_with_a_hint() -> None:
    one = life()
    step = Step("supervision", AT, ({"type": "deadline.fire.v1", "data": {"name": "promise/1/due/1"}},))
    one.done(step, [{"status": "void"}])
    one.done(step, [DONE])
    one.done(step, [{"status": "void"}])
    with pytest.raises(ReplayFailed, match=r"line 2.*qinqing deadletters list"):
        one.done(step, [{"status": "void"}])


def test_a_refused_input_names_message_line_and_reason() -> None:
    one = life()
    step = one.next(UNTIL)
    assert step is not None
    with pytest.raises(
        ReplayFailed, match=r"message m1 \(line 2\): intake.accept.v1 was refused: illegal_move"
    ):
        one.done(step, [DONE, {"status": "refused", "reason": "illegal_move"}])


# ------------------------------------------------------------------- the driver


class Services:
    """Four history services that do what they are asked; each fires a sweep of every issue in the end."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, str, str]] = []
        self.away = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        service = request.url.host
        if self.away:
            self.away -= 1
            raise httpx.ConnectError("it is started again", request=request)
        match request.url.path:
            case "/history/commands":
                return httpx.Response(
                    200, json=[self._decide(service, one) for one in json.loads(request.content)]
                )
            case "/history/deadlines":
                return httpx.Response(200, json=self._deadlines(service))
        text = 'qinqing_document_writes_total{purpose="change"} 3.0\n'
        return httpx.Response(200, text=text + 'qinqing_document_writes_total{purpose="sweep"} 1.0\n')

    def _decide(self, service: str, entry: dict[str, Any]) -> dict[str, Any]:
        self.posted.append((service, entry["type"], entry["data"].get("name", "")))
        return ASSIGNED if "assign" in entry["type"] else DONE

    def _deadlines(self, service: str) -> list[dict[str, str]]:
        if any(name.startswith("sweep/") and by == service for by, _, name in self.posted):
            return []
        at = (AT + DAY).isoformat()
        return [{"subject": life(one).subject, "name": "sweep/1/due/1", "at": at} for one in (ANSWERED, OPEN)]


class Nothing:
    """A lag that is never there."""

    async def wait_for_none(self) -> None:
        return None


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    services = Services()
    client = httpx.AsyncClient
    transport = httpx.MockTransport(services.answer)
    made: Callable[..., httpx.AsyncClient] = lambda **how: client(transport=transport, **how)  # noqa: E731
    monkeypatch.setattr("services.cli.replaying.drive.httpx.AsyncClient", made)
    monkeypatch.setattr("services.cli.replaying.drive.PAUSE_SECONDS", 0.0)
    return services


def driver() -> Driver:
    urls = {name: f"http://{name}" for name in ("intake", "dispatch", "supervision", "feedback")}
    return Driver(urls, Nothing(), [ANSWERED, OPEN], jurisdiction="huzhou", until=UNTIL)  # type: ignore[arg-type]


async def test_a_sweep_is_no_step_and_every_one_is_fired_after_the_last_step(services: Services) -> None:
    writes = await driver().run()
    fired = [name for _, type, name in services.posted if type == "deadline.fire.v1"]
    assert fired == ["sweep/1/due/1"] * 8
    assert [type for _, type, _ in services.posted[-8:]] == ["deadline.fire.v1"] * 8
    assert writes == {"change": 12, "sweep": 4}


async def test_a_service_that_is_away_for_a_while_is_asked_again(services: Services) -> None:
    services.away = 3
    await driver().run()
    assert len([one for one in services.posted if one[1] == "dispatch.release.v1"]) == 1
