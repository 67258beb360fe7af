"""History is driven by the plan and by deadlines, whichever is first; a sweep is no step and comes at the end."""

import asyncio
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.cli.replaying.drive import Driver
from services.cli.replaying.lives import Coming, Life, ReplayFailed, Step, fire_entry
from services.cli.replaying.messages import Message
from services.dispatch.issue.life import draft_hash
from services.intake.registering import Registration
from shared.contract.registry import COMMANDS, CONTROL
from shared.contract.words import Outcome
from tests.said import REFERENCES, issue_of, raiser

AT = datetime.fromisoformat("2019-04-01T08:00:00+08:00")
DAY = timedelta(days=1)
ANSWERED = Message(2, "m1", "li", "路灯", "坏了", AT, "已修", AT + 5 * DAY)
OPEN = Message(3, "m2", "", "道路", "坏了", AT, None, None)
UNTIL = AT + 30 * DAY
ASSIGNED = {"status": "done", "department": "housing", "assignment": "a.1"}
DONE = {"status": "done"}


def life(message: Message = ANSWERED) -> Life:
    return Life.of(message, "huzhou", REFERENCES)


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
    register, accept, *others = [entry for step in steps for entry in step.entries]
    Registration.model_validate(register["data"])
    assert accept["data"] == {}, "intake adds the words"
    for entry in others:
        COMMANDS[entry["type"]].model_validate(entry["data"])
    assert steps[2].entries[0]["actor"] == "handler:housing/signs"
    read = {"assignment": "a.1", "draft": 1, "sha256": draft_hash(Outcome.EXPLAINED, "已修", None)}
    assert [entry["data"] for entry in steps[3].entries[1:]] == [read] * 3
    assert life().inputs(UNTIL) == len(steps) == 4


def test_a_number_in_a_real_reply_is_masked_before_its_hash_is_named() -> None:
    drafted, signed = play(life(replace(ANSWERED, reply="请致电13812345678")))[3].entries[:2]
    assert drafted["data"]["text"] == "请致电138****5678"
    assert signed["data"]["sha256"] == draft_hash(Outcome.EXPLAINED, "请致电138****5678", None)


def test_the_issues_id_is_the_one_that_its_author_would_be_given() -> None:
    assert life().subject == issue_of("huzhou", "li", "m1")
    assert life(OPEN).subject == issue_of("huzhou", "unknown", "m2")
    assert life().next(UNTIL).entries[0]["actor"] == raiser("li")  # type: ignore[union-attr]


def test_nothing_happens_after_the_end_that_was_asked_for() -> None:
    assert len(play(life(), AT + 5 * DAY - timedelta(seconds=1))) == life().inputs(AT + 4 * DAY) == 3
    assert life().next(AT - DAY) is None
    assert life().inputs(AT - DAY) == 0
    assert len(play(life(OPEN))) == life(OPEN).inputs(UNTIL) == 3


def test_a_deadline_before_the_next_input_is_first_and_one_at_the_same_instant_is_not() -> None:
    one = life()
    one.step = 3
    one.deadlines = [
        Coming(AT + 5 * DAY, "supervision", "promise/1/due/1", AT + 5 * DAY),
        Coming(AT + 2 * DAY, "supervision", "promise/1/70%/1", AT + DAY),
    ]
    step = one.next(UNTIL)
    assert step is not None
    (entry,) = step.entries
    CONTROL[entry["type"]].model_validate(entry["data"])
    assert (step.at, entry["data"]["name"]) == (AT + 2 * DAY, "promise/1/70%/1")
    assert (entry["at"], entry["data"]["due_at"]) == ((AT + 2 * DAY).isoformat(), (AT + DAY).isoformat())
    one.done(step, [DONE])
    del one.deadlines[1]
    assert one.next(UNTIL).service == "dispatch"  # type: ignore[union-attr]


def test_a_deadline_that_is_void_twice_ends_the_replay_with_a_hint() -> None:
    one = life()
    fire = fire_entry(one.subject, Coming(AT, "supervision", "promise/1/due/1", AT))
    step = Step("supervision", AT, (fire,))
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
        self.instants: list[str] = []
        self.away = 0
        self.most_bytes = 1_000_000
        self.refuses: httpx.Response | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        service = request.url.host
        if self.away:
            self.away -= 1
            raise httpx.ConnectError("it is started again", request=request)
        if self.refuses is not None:
            return self.refuses
        if len(request.content) > self.most_bytes:
            return httpx.Response(413)
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
        self.instants.append(entry["at"])
        return ASSIGNED if "assign" in entry["type"] else DONE

    def _deadlines(self, service: str) -> list[dict[str, str]]:
        if any(name.startswith("sweep/") and by == service for by, _, name in self.posted):
            return []
        at = (AT + DAY).isoformat()
        due = {"name": "sweep/1/due/1", "at": at, "fire_at": at}
        return [{"subject": life(one).subject, **due} for one in (ANSWERED, OPEN)]


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


def driver(messages: Sequence[Message] = (ANSWERED, OPEN), lag: Any = None, **more: int) -> Driver:
    urls = {name: f"http://{name}" for name in ("intake", "dispatch", "supervision", "feedback")}
    return Driver(urls, lag or Nothing(), [life(message) for message in messages], until=UNTIL, **more)


async def test_a_sweep_is_no_step_and_every_one_is_fired_after_the_last_step(services: Services) -> None:
    writes = await driver().run()
    fired = [name for _, type, name in services.posted if type == "deadline.fire.v1"]
    assert fired == ["sweep/1/due/1"] * 8
    assert [type for _, type, _ in services.posted[-8:]] == ["deadline.fire.v1"] * 8
    assert writes == {"change": 12, "sweep": 4}


async def test_what_is_played_side_by_side_goes_out_in_the_order_of_its_instants(services: Services) -> None:
    messages = [Message(n, f"m{n}", "li", "路灯", "路灯不亮", AT - n * DAY, "", None) for n in range(5)]
    await driver(messages).run()
    registered = [
        at
        for (_, type, _), at in zip(services.posted, services.instants, strict=True)
        if type == "intake.register.v1"
    ]
    assert registered == sorted(registered) and len(set(registered)) == 5


async def test_a_service_that_is_away_for_a_while_is_asked_again(services: Services) -> None:
    services.away = 3
    await driver().run()
    assert len([one for one in services.posted if one[1] == "dispatch.release.v1"]) == 1


async def test_requests_stay_under_what_the_services_take(services: Services) -> None:
    services.most_bytes = 4_000
    messages = [Message(n, f"m{n}", "li", "路灯", "字" * 400, AT, "已修", AT + DAY) for n in range(20)]
    await driver(messages, body_bytes=4_000).run()
    assert len([one for one in services.posted if one[1] == "dispatch.release.v1"]) == 20


async def test_a_message_that_is_longer_than_a_service_takes_ends_the_replay_with_what_to_do(
    services: Services,
) -> None:
    services.most_bytes = 100
    with pytest.RaisesGroup(
        pytest.RaisesExc(ReplayFailed, match=r"bytes are more than it takes; set QINQING_BODY")
    ):
        await driver().run()


async def test_a_request_that_is_refused_ends_the_replay_with_the_reason(services: Services) -> None:
    services.refuses = httpx.Response(422, json={"title": "no such thing"})
    with pytest.RaisesGroup(
        pytest.RaisesExc(ReplayFailed, match=r"intake refused .*: HTTP 422: .*no such thing")
    ):
        await driver().run()


class Slow:
    """A lag that goes down by these numbers, one at each look, and is gone after the last."""

    def __init__(self, *left: int) -> None:
        self.left, self.gone = list(left), asyncio.Event()

    async def wait_for_none(self) -> None:
        await self.gone.wait()

    async def by_group(self) -> dict[str, int]:
        left = self.left.pop(0)
        if not self.left:
            self.gone.set()
        return {"intake": 0, "supervision": left}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that looks again at once whether the services got on, and gives their answers all the time."""
    monkeypatch.setattr("services.cli.replaying.drive.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("services.cli.replaying.drive._patience", lambda: math.inf)


@pytest.mark.usefixtures("impatient")
async def test_services_that_read_slowly_are_waited_for_as_long_as_they_get_on(services: Services) -> None:
    await driver(lag=Slow(40, 30, 20, 10)).run()


@pytest.mark.usefixtures("impatient")
async def test_services_that_stand_still_end_the_replay_with_who_stands_and_by_how_much(
    services: Services,
) -> None:
    with pytest.raises(ReplayFailed, match=r"supervision has 30 records to read$"):
        await driver(lag=Slow(40, 30, 30, 30)).run()
