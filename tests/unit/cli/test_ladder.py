"""`qinqing ladder preview`: what it prints of an issue that supervision knows, and how it ends else."""

import json
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.cli.reference import owner as owners
from shared.contract.words import PauseGround
from tests.keys import DATA
from tests.unit.cli.owners import Owner
from tests.unit.one_aggregate import OneAggregate
from tests.unit.supervision.given import (
    BY_ITSELF,
    DUE,
    MONDAY,
    after,
    assigned,
    fire_until,
    known,
    over,
    paused,
)

ID, NUMBER = "0000000000000", "0000-0000-0000-00"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What supervision says of issues, by path; of any other it says that there is none."""
    found: dict[str, Any] = {}
    owner = Owner()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/reference":
            return httpx.Response(200, json=owner.versions)
        body = found.get(request.url.path)
        return httpx.Response(404 if body is None else 200, json=body)

    def client(url: str, auth: httpx.Auth) -> httpx.Client:
        return httpx.Client(base_url="http://supervision", transport=httpx.MockTransport(answer))

    running = SimpleNamespace(service_urls={"supervision": "http://s"}, data_dir=DATA, jurisdiction="huzhou")
    monkeypatch.setattr(owners, "need_system", lambda data, as_json: running)
    monkeypatch.setattr(owners, "client_of", client)
    return found


def told(issue: OneAggregate) -> dict[str, Any]:
    """An issue as the service answers it."""
    return {"id": ID, "version": 3, "due": None, **issue.state.model_dump(mode="json")}


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["ladder", "preview", *words])


def test_each_step_to_come_is_printed_with_its_date_and_nothing_is_asked_for(answers: dict[str, Any]) -> None:
    issue = known()
    issue.take(assigned(), MONDAY)
    answers[f"/issues/{ID}"] = told(issue)
    said = json.loads(typed(NUMBER, "--json").stdout)
    assert (said["issue"], said["step"]) == (ID, 0)
    assert [one["step"] for one in said["if_nobody_acts"]] == [0, 0, 1, 2, 3, 4, 5, 6]
    assert said["if_nobody_acts"][0]["name"] == "warning"
    assert said["if_nobody_acts"][2] == {
        "step": 1,
        "name": "reminder",
        "at": DUE.isoformat(),
        "provisional": False,
    }
    shown = typed(ID).stdout
    assert "stands at step 0" in shown
    assert "2026-03-16 17:30:00" in shown and "预警" in shown and "黄灯" in shown


def test_an_issue_that_has_climbed_says_where_it_stands(answers: dict[str, Any]) -> None:
    issue = known()
    fire_until(issue, DUE.replace(day=18))
    answers[f"/issues/{ID}"] = told(issue)
    said = json.loads(typed(ID, "--json").stdout)
    assert said["step"] == 2
    assert [one["step"] for one in said["if_nobody_acts"]] == [3, 4, 5, 6]


def test_while_it_is_paused_it_is_said_when_that_ends_by_itself_and_what_follows(
    answers: dict[str, Any],
) -> None:
    issue = known()
    issue.take(assigned(), MONDAY)
    issue.take(paused(ends_at=BY_ITSELF), after(days=1))
    answers[f"/issues/{ID}"] = told(issue)
    said = json.loads(typed(ID, "--json").stdout)
    assert (said["paused"], said["goes_on_at"]) == (True, BY_ITSELF.isoformat())
    assert [one["step"] for one in said["if_nobody_acts"] if one["step"]] == [1, 2, 3, 4, 5, 6]
    first = next(one for one in said["if_nobody_acts"] if one["step"])
    shown = typed(ID).stdout
    assert "it goes on by itself on 2026-03-09 17:30:00" in shown and "催办" in shown
    issue.take(over(), BY_ITSELF)
    answers[f"/issues/{ID}"] = told(issue)
    said = json.loads(typed(ID, "--json").stdout)
    assert (said["paused"], said["goes_on_at"]) == (False, None)
    assert next(one for one in said["if_nobody_acts"] if one["step"]) == first


def test_of_a_pause_that_somebody_has_to_end_it_is_said_that_nothing_comes_until_then(
    answers: dict[str, Any],
) -> None:
    issue = known()
    issue.take(assigned(), MONDAY)
    issue.take(paused(PauseGround.STATUTORY), after(days=1))
    answers[f"/issues/{ID}"] = told(issue)
    shown = typed(ID).stdout
    assert "paused until somebody ends that" in shown and "no further step" not in shown
    assert json.loads(typed(ID, "--json").stdout)["if_nobody_acts"] == []


def test_what_never_rises_says_so(answers: dict[str, Any]) -> None:
    answers[f"/issues/{ID}"] = {"id": ID, "version": 1, "due": None, "state": "closed"}
    assert "no further step comes" in typed(ID).stdout


@pytest.mark.parametrize(("number", "said"), [("123", "is not an issue's number"), (ID, "no such issue")])
def test_an_issue_that_there_is_none_of_is_refused(answers: dict[str, Any], number: str, said: str) -> None:
    result = typed(number)
    assert result.exit_code == 2
    assert said in result.output
