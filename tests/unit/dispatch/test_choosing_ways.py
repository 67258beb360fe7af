"""In which ways an official is told: they choose among those that the deployment has, for themselves alone."""

from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI

from services.dispatch.choosing import routes
from services.dispatch.consumer import STAFF
from shared.bus.reference import Version
from shared.contract.commands.dispatch import ChooseWays, PublishStaff
from shared.contract.events.dispatch import StaffPublished, WaysChosen
from shared.contract.words import MAIL, Level, Role
from shared.ways import Way
from shared.web import readable_fields, reference_routes
from tests.keys import bearer, caller, signed_in
from tests.unit.dispatch.given import ASSIGN, OFFICE, Dispatch
from tests.unit.dispatch.test_api import Gateway
from tests.unit.dispatch.test_notices import ASSIGNED, staffed, told
from tests.unit.one_aggregate import after

WANG, SUBJECT = "department_leader:housing/wang", "staff:wang"
BOTH = ChooseWays(ways=(MAIL, "housing-group"))
SECRET = "a-secret-that-nobody-may-read"


def way(name: str, department: str = "") -> Way:
    labels = {"label_zh": f"{name}群", "label_en": f"Group {name}"}
    return Way.model_validate(
        {"name": name, "kind": "dingtalk", "token": SECRET, "department": department, **labels}
    )


WAYS = (way("housing-group", "housing"), way("transport-group", "transport"), way("all"))


async def employed() -> Dispatch:
    """Dispatch that has Wang of housing in its directory."""
    dispatch = Dispatch(SUBJECT, own_directory=True)
    entry = PublishStaff(name="王某", roles=(Role.DEPARTMENT_LEADER,), level=Level.CITY, department="housing")
    await dispatch.ask(entry, after(), "administrator:wu")
    return dispatch


async def test_a_choice_is_in_force_at_once_and_delivered_twice_published_once() -> None:
    dispatch = await employed()
    directory = dispatch.reference.directory
    assert directory(after()).ways("wang") == (MAIL,)
    record = dispatch.command(BOTH, after(hours=1), WANG)
    first, second = await dispatch.deliver(record), await dispatch.deliver(record)
    assert first.answers[0].outcome == second.answers[0].outcome
    chosen = [event for event in dispatch.events if isinstance(event, WaysChosen)]
    assert [(event.version, event.ways, event.by) for event in chosen] == [("ways-1", BOTH.ways, "wang")]
    assert directory(after(hours=1)).ways("wang") == BOTH.ways
    assert directory(after()).ways("wang") == directory(after(hours=1)).ways("li") == (MAIL,)


async def test_the_same_choice_again_changes_nothing_and_another_is_the_next_version() -> None:
    dispatch = await employed()
    await dispatch.ask(BOTH, after(hours=1), WANG)
    again = await dispatch.ask(ChooseWays(ways=tuple(reversed(BOTH.ways))), after(hours=2), WANG)
    assert again["unchanged"]
    await dispatch.ask(ChooseWays(ways=("all", "all")), after(hours=3), WANG)
    assert [(event.version, event.ways) for event in dispatch.events if isinstance(event, WaysChosen)] == [
        ("ways-1", BOTH.ways),
        ("ways-2", ("all",)),
    ]


async def test_nobody_chooses_for_somebody_else() -> None:
    dispatch = await employed()
    for actor in ("office:chen", "department_leader:housing/wu", "administrator:wu", "entrepreneur:wang"):
        assert (await dispatch.ask(BOTH, after(), actor))["reason"] == "wrong_role"
    assert not any(isinstance(event, WaysChosen) for event in dispatch.events)


async def test_a_new_version_of_the_entry_leaves_the_choice_as_it_is() -> None:
    dispatch = await employed()
    await dispatch.ask(BOTH, after(hours=1), WANG)
    entry = PublishStaff(name="王芳", roles=(Role.DEPARTMENT_LEADER,), department="housing")
    await dispatch.ask(entry, after(hours=2), "administrator:wu")
    assert [type(event) for event in dispatch.events] == [StaffPublished, WaysChosen, StaffPublished]
    assert dispatch.state.chosen.ways == BOTH.ways
    assert dispatch.reference.directory(after(hours=2)).ways("wang") == BOTH.ways


async def test_who_chose_two_ways_is_told_in_both_by_a_notice_for_each() -> None:
    dispatch = await staffed(leaders=("wang", "li"))
    await dispatch.ask(BOTH, after(), WANG, subject=SUBJECT)
    dispatch.commands.clear()
    await dispatch.ask(ASSIGN, after(hours=1), OFFICE)
    assert told(dispatch) == [(ASSIGNED, "wang"), (ASSIGNED, "wang"), (ASSIGNED, "li")]
    assert len({out.key for out in dispatch.commands}) == 3


# --------------------------------------------------------------- over HTTP


async def asked(dispatch: Dispatch, method: str, path: str, actor: str = WANG, **more: Any) -> httpx.Response:
    app = FastAPI(dependencies=[Depends(signed_in())])
    app.include_router(routes(Gateway(dispatch), dispatch.reference, dispatch.store, WAYS))  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://dispatch", headers=bearer(actor)
    ) as http:
        return await http.request(method, path, **more)


async def test_an_official_is_offered_mail_what_is_for_all_and_what_is_their_departments() -> None:
    dispatch = await employed()
    answer = await asked(dispatch, "GET", "/staff/wang/ways")
    shown = answer.json()
    assert [offered["name"] for offered in shown["offered"]] == [MAIL, "housing-group", "all"]
    assert shown["chosen"] == [MAIL] and SECRET not in answer.text
    answer = await asked(dispatch, "GET", "/staff/stranger/ways", "operator:sun")
    assert [offered["name"] for offered in answer.json()["offered"]] == [MAIL, "all"]


async def test_a_choice_is_made_over_http_and_shown_from_then_on() -> None:
    dispatch = await employed()
    answer = await asked(dispatch, "POST", "/staff/wang/choose-ways", json={"ways": ["all"]})
    assert (answer.status_code, answer.json()["ways"]) == (200, ["all"])
    assert (await asked(dispatch, "GET", "/staff/wang/ways")).json()["chosen"] == ["all"]


@pytest.mark.parametrize("name", ["nowhere", "transport-group"])
async def test_what_is_not_offered_is_refused_with_what_is(name: str) -> None:
    dispatch = await employed()
    answer = await asked(dispatch, "POST", "/staff/wang/choose-ways", json={"ways": [MAIL, name]})
    assert (answer.status_code, answer.json()["reason"]) == (422, "unknown_way")
    assert name in answer.json()["detail"] and "housing-group" in answer.json()["detail"]
    assert not any(isinstance(event, WaysChosen) for event in dispatch.events)


@pytest.mark.parametrize("ways", [[], ["Mail"], [f"way-{number}" for number in range(11)], "mail", None])
async def test_a_choice_names_between_one_and_ten_ways(ways: Any) -> None:
    answer = await asked(await employed(), "POST", "/staff/wang/choose-ways", json={"ways": ways})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("actor", "shown"),
    [
        (WANG, 200),
        ("office:wang", 200),
        ("operator:sun", 200),
        ("handler:housing/li", 404),
        ("supervisor:shen", 404),
        ("administrator:wu", 404),
        ("dept:housing", 404),
        ("entrepreneur:wang", 404),
    ],
)
async def test_in_which_ways_somebody_is_told_only_they_themselves_and_operators_read(
    actor: str, shown: int
) -> None:
    dispatch = await employed()
    await dispatch.ask(BOTH, after(), WANG, subject=SUBJECT)
    assert (await asked(dispatch, "GET", "/staff/wang/ways", actor)).status_code == shown
    fields = readable_fields(STAFF, await dispatch.store.get(SUBJECT) or {}, caller(actor))
    assert ("chosen" in fields) == (shown == 200)
    version = Version(SUBJECT, WaysChosen.type, "ways-1", "", {"ways": [*BOTH.ways]})
    app = FastAPI(dependencies=[Depends(signed_in())])
    app.include_router(reference_routes({(SUBJECT, "ways-1"): version}))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://dispatch", headers=bearer(actor)
    ) as http:
        assert len((await http.get("/reference")).json()) == (shown == 200)
