"""Dispatch over HTTP: the directory, and a merger that finds the open issues itself."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI

from services.dispatch.api import MOST_ISSUES, Said, Sought, routes, suggested
from services.dispatch.app import topics_of
from services.dispatch.issue.life import HELD, State
from services.dispatch.routing import route
from services.dispatch.store import open_issues_of
from shared.bus.gateway import Request, sealed
from shared.bus.reference import Version
from shared.identity.callers import WrongRole
from tests.keys import bearer, signed_in
from tests.unit.dispatch.given import ISSUE, OFFICE, WAYS, Dispatch, published
from tests.unit.one_aggregate import after
from tests.unit.reference import builtin_reference, make_reference

RULES = builtin_reference().directory(after()).rules()


class Gateway:
    """Posts to the real processor at once; ``meanwhile`` happens while the first command is under way."""

    def __init__(self, dispatch: Dispatch, answers: bool = True) -> None:
        self.dispatch, self.answers = dispatch, answers
        self.asked: list[Request] = []
        self.meanwhile: list[str] = []

    async def ask(self, request: Request) -> Mapping[str, Any] | None:
        self.asked.append(request)
        for issue in self.meanwhile:
            await self.dispatch.open_issues("housing", issue)
        self.meanwhile = []
        out = sealed(request, self.dispatch.consumer.source)
        batch = await self.dispatch.deliver(self.dispatch.posted(out, after()))
        return batch.answers[0].outcome if self.answers else None


def client(gateway: Gateway) -> httpx.AsyncClient:
    app = FastAPI(dependencies=[Depends(signed_in())])
    dispatch = gateway.dispatch
    app.include_router(routes(gateway, dispatch.reference, dispatch.store))  # type: ignore[arg-type]
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://dispatch", headers=bearer(OFFICE)
    )


async def merge(gateway: Gateway, into: str = "planning", key: str = "k") -> httpx.Response:
    async with client(gateway) as http:
        headers = {"Idempotency-Key": key, **bearer(OFFICE)}
        return await http.post("/departments/housing/merge", json={"into": into}, headers=headers)


async def test_the_directory_lists_every_department_in_force() -> None:
    async with client(Gateway(Dispatch())) as http:
        listed = (await http.get("/departments")).json()
    assert [entry["code"] for entry in listed] == list(builtin_reference().departments)
    assert listed[1] == {
        "code": "housing",
        "name_zh": "市住房和城乡建设局",
        "name_en": "Housing and Urban-Rural Development Bureau",
        "level": "city",
        "head": "市住房和城乡建设局局长",
        "merged_into": "",
    }


async def test_a_merger_hands_over_what_is_open_and_what_was_assigned_meanwhile() -> None:
    dispatch = await published("housing", "planning")
    await dispatch.open_issues("housing", "a", "b")
    gateway = Gateway(dispatch)
    gateway.meanwhile = ["c"]
    response = await merge(gateway)
    assert (response.status_code, response.json()["version"]) == (200, "2")
    assert [request.command.issues for request in gateway.asked] == [("a", "b"), ("c",), ()]  # type: ignore[union-attr]
    await dispatch.settle(after())
    assert await open_issues_of(dispatch.store, "housing") == []  # type: ignore[arg-type]
    assert await open_issues_of(dispatch.store, "planning") == ["a", "b", "c"]  # type: ignore[arg-type]


async def test_the_same_merger_sent_again_is_answered_again() -> None:
    dispatch = await published("housing", "planning")
    await dispatch.open_issues("housing", "a")
    gateway = Gateway(dispatch)
    first = await merge(gateway)
    await dispatch.settle(after())
    again = await merge(gateway)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["version"] == "2"


async def test_a_refused_merger_is_a_problem_that_names_the_rule() -> None:
    response = await merge(Gateway(await published("housing", "planning")), into="nobody")
    assert response.status_code == 422
    assert response.json()["reason"] == "unknown_department"


async def test_a_merger_that_is_still_under_way_says_where_to_look() -> None:
    gateway = Gateway(await published("housing", "planning"), answers=False)
    response = await merge(gateway)
    assert response.status_code == 202
    assert response.json()["look"].startswith("/departments/housing/outcomes?command=")


@pytest.mark.parametrize("state", WAYS)
async def test_a_department_holds_what_it_has_to_work_on(state: State) -> None:
    dispatch = await Dispatch().bring(state)
    held = await open_issues_of(dispatch.store, "housing")  # type: ignore[arg-type]
    assert held == ([ISSUE] if state in HELD else [])


def test_a_new_department_gets_its_two_topics_and_nothing_else_does() -> None:
    department = Version("dept:parks", "department.published.v1", "1", "", {})
    assert topics_of(department) == ["dept.parks.orders", "dept.parks.replies"]
    assert topics_of(Version("staff:chen", "staff.published.v1", "1", "", {})) == []


def test_in_history_all_departments_share_one_topic() -> None:
    departments = [Version(f"dept:{code}", "department.published.v1", "1", "", {}) for code in ("a", "b")]
    assert [topics_of(one, history=True) for one in departments] == [["dispatch.orders"]] * 2


def test_one_command_of_a_merger_fits_into_a_record() -> None:
    assert MOST_ISSUES * len('"0123456789ABC",') < 1_000_000 / 2


async def test_whose_matter_an_issue_is_is_suggested_with_the_words_that_say_so() -> None:
    lamps = {"title": "路灯不亮", "text": "公交车站旁边的路灯坏了，夜班公交也停了。"}
    async with client(Gateway(Dispatch())) as http:
        answer = (
            await http.post("/suggestions", json={"issues": [lamps, {"title": "您好", "text": "在吗"}]})
        ).json()
    first, nobody = answer["issues"]
    chosen, terms = route(lamps["title"], lamps["text"], RULES)
    assert (first[0]["department"], tuple(first[0]["terms"])) == (chosen, terms)
    assert {one["department"] for one in first} == {"urban_management", "transport"}
    assert nobody == [] and answer["rules"] == RULES.version


def test_of_a_merged_department_the_one_that_has_its_work_is_suggested() -> None:
    reference = make_reference()
    entry = reference.directory(after()).department("urban_management")
    assert entry is not None
    gone = {"version": "2", "merged_into": "housing", "in_force_from": after()}
    reference.learn("dept:urban_management", entry.model_copy(update=gone))
    sought = Sought(issues=(Said(title="路灯不亮", text="路灯坏了"),))
    assert suggested(sought, reference.directory(after())).issues[0][0].department == "housing"


async def test_who_may_not_assign_is_suggested_nothing() -> None:
    async with client(Gateway(Dispatch())) as http:
        with pytest.raises(WrongRole):
            await http.post("/suggestions", json={"issues": []}, headers=bearer("handler:housing/li"))
