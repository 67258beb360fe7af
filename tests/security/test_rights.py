"""Every route of every service is asked as every role, and as nobody: what the table of rights says is what happens."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import NamedTuple

import httpx
import pytest
from fastapi import FastAPI

from services.dispatch.issue import life as dispatch
from services.feedback import consumer as feedback_consumer
from services.feedback.issue import life as feedback
from services.intake import consumer as intake_consumer
from services.intake.issue import life as intake
from services.intake.person import life as person
from services.supervision.issue import life as supervision
from shared.contract.command import Command
from shared.contract.registry import COMMANDS
from shared.contract.subjects import KINDS, subject_of
from shared.contract.words import Kind, Role, Source
from shared.domain.aggregates import AggregateState
from shared.domain.decisions import Reason
from shared.domain.rights import FIELDS, GROUPS, IN_DEPARTMENTS, RIGHTS, Asker, Belongs, Scope
from shared.identity.callers import asker_for
from shared.identity.keys import signing_key
from shared.identity.tokens import Caller, sign
from tests.faults.services import MODULES
from tests.fuzz.in_memory import ISSUE, in_memory
from tests.keys import KEYS, bearer, caller
from tests.unit.dispatch.given import ASKS
from tests.unit.reference import make_reference

FIRM = "91330100799655058B"
OPEN = ("/health/live", "/health/ready", "/metrics", "/asyncapi.json", "/openapi.json", "/docs")
"""What needs no token, and shows no content."""
NOT_FOR_YOU, UNKNOWN_TO_YOU = 403, 404
CONSUMERS = {"intake": intake_consumer.consumer, "feedback": feedback_consumer.consumer}
LI, WANG, NOW = "li", "wang", datetime(2026, 3, 2, tzinfo=UTC)
OWN: Mapping[tuple[str, str], AggregateState] = {
    ("intake", "issue"): intake.Issue(
        state=intake.State.REGISTERED,
        kind=Kind.PROBLEM,
        origin=Source.WRITTEN,
        words=intake.Sealed(words=""),
        person=LI,
        recorded_by=LI,
        registered_at=NOW,
        due_at=NOW,
    ),
    ("intake", "person"): person.Person(state=person.State.REGISTERED, reference=LI, recorded_by=LI),
    ("feedback", "issue"): feedback.Issue(state=feedback.State.INVITED, kind=Kind.PROBLEM, person=LI),
}
"""What belongs to li, who raised it or wrote it down, as each service that asks whose it is keeps it."""


class Route(NamedTuple):
    """One way to ask a service: which right it needs, and how it is asked."""

    service: str
    method: str
    path: str
    kind: str
    verb: str


def right_of(path: str, method: str) -> tuple[str, str]:
    """The kind and verb of a route, as its place says."""
    parts = path.strip("/").split("/")
    kind = next((name for name, form in KINDS.items() if form.path == parts[0]), "")
    match parts:
        case ["dead-letters", *_, verb] if verb in ("replay", "discard"):
            return "record", verb
        case ["dead-letters", *_] | ["held"]:
            return "record", "read"
        case ["reference"] | ["departments"] if method == "GET":
            return "reference", "read"
        case ["suggestions"]:
            return "issue", "assign"
        case ["attachments"]:
            return "issue", "register"
        case [_, "{id}", "attachments"]:
            return kind, "supply_material"
        case [*_, "links"]:
            return kind, "make_link"
        case [*_, "links", "revoke"]:
            return kind, "revoke_link"
        case ["links", "redeem"]:
            return "link", "redeem"
        case ["reading", "issues"]:
            return "issue", "read"
        case ["alerts"]:
            return kind, "report"
        case ["issues"] | ["people"]:
            return kind, "register"
        case ["staff", "{id}", "ways"]:
            return kind, "read_ways"
        case ["people", "find"]:
            return kind, "find"
        case ["enterprises"]:
            return kind, "read"
        case [_, "{id}", "attachments", _]:
            return kind, "fetch"
        case [_, "{id}"] | [_, "{id}", "outcomes"]:
            return kind, "read"
        case [_, _, "skip" | "publish-again" as verb]:
            return "record", verb.replace("-", "_")
        case [_, _, verb]:
            return kind, verb.replace("-", "_")
    raise LookupError(f"{method} {path}: say which right it needs")


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, FastAPI]]:
    files = str(tmp_path_factory.mktemp("files"))
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield {name: in_memory(name, monkeypatch, attachments_dir=files) for name in MODULES}


@pytest.fixture
async def clients(apps: Mapping[str, FastAPI]) -> AsyncIterator[Mapping[str, httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
            )
            for name, app in apps.items()
        }


def closed(apps: Mapping[str, FastAPI]) -> list[Route]:
    """Every route that needs a token."""
    return [
        Route(name, method.upper(), path, *right_of(path, method.upper()))
        for name, app in apps.items()
        for path, methods in app.openapi()["paths"].items()
        if path not in OPEN
        for method in methods
    ]


def place(route: Route) -> str:
    """The route's path about something that is nowhere; about a person, of whoever asks as an entrepreneur."""
    return (
        route.path.replace("{id}", "0000000000000")
        .replace("{code}", "nobody")
        .replace("{person}", caller("entrepreneur:li").person)
        .replace("{hash}", "0" * 64)
        .replace("{topic}/{partition}/{offset}", "intake.events/0/999")
    )


async def test_without_a_token_nothing_is_answered_but_health_and_documents(
    apps: Mapping[str, FastAPI], clients: Mapping[str, httpx.AsyncClient]
) -> None:
    asked = closed(apps)
    assert len(asked) > 50
    for route in asked:
        answer = await clients[route.service].request(route.method, place(route))
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), route
    for name, client in clients.items():
        for path in OPEN:
            assert (await client.get(path)).status_code == 200, (name, path)


async def test_each_role_may_ask_what_the_table_grants_it_and_nothing_else(
    apps: Mapping[str, FastAPI], clients: Mapping[str, httpx.AsyncClient]
) -> None:
    for route in closed(apps):
        grants = RIGHTS[route.kind, route.verb]
        for role in Role:
            actor = f"{role}:housing/li" if role in IN_DEPARTMENTS else f"{role}:li"
            body = {} if route.method == "POST" else None
            query = {"command": "http/office:nobody/k"} if route.path.endswith("/outcomes") else {}
            answer = await clients[route.service].request(
                route.method, place(route), headers=bearer(actor), json=body, params=query
            )
            reading = route.verb in ("read", "fetch", "read_ways") and "{id}" in route.path
            if reading:  # it is nowhere, and looks no different to whoever may not read it
                assert answer.status_code in (200, UNKNOWN_TO_YOU), (route, role, answer.text)
            else:
                refused = answer.status_code == NOT_FOR_YOU and answer.json()["reason"] == "wrong_role"
                assert refused == (role not in grants), (route, role, answer.text)


def test_every_row_of_the_table_is_about_something_that_can_be_asked(apps: Mapping[str, FastAPI]) -> None:
    asked = {(route.kind, route.verb) for route in closed(apps)} | {
        ("history", "drive"),
        ("internal_note", "read"),
        ("internal_note", "write"),
        ("projection", "rebuild"),
        ("figures", "read"),
    }
    by_system = {(shape.aggregate, shape.verb) for shape in COMMANDS.values()} - set(RIGHTS)
    assert asked - set(RIGHTS) == set()
    assert set(RIGHTS) - asked == set()
    assert not asked & by_system


def test_every_field_of_an_issue_is_in_a_group_that_somebody_reads() -> None:
    fields = {name for life in (intake, dispatch, supervision, feedback) for name in life.Issue.model_fields}
    assert fields - set(FIELDS["issue"]) == set(), "say in shared/domain/rights.py who reads them"
    assert set(FIELDS["issue"].values()) <= set(GROUPS)


async def test_an_issue_shows_each_reader_what_it_may_read_and_does_not_exist_for_the_others(
    clients: Mapping[str, httpx.AsyncClient], apps: Mapping[str, FastAPI]
) -> None:
    async with apps["dispatch"].router.lifespan_context(apps["dispatch"]):
        client = clients["dispatch"]
        path, office = f"/issues/{ISSUE}", bearer("office:chen")
        given = await client.post(f"{path}/assign", json={"department": "housing"}, headers=office)
        held = {"assignment": given.json()["assignment"]}
        handler = bearer("handler:housing/li")
        draft = {**held, "outcome": "solved", "text": "已修好。"}
        for actor, verb, body in (
            ("handler:planning/xu", "sign", held),
            ("handler:housing/li", "sign", held),
        ):
            done = (await client.post(f"{path}/{verb}", json=body, headers=bearer(actor))).json()
            assert done.get("reason", "done") == ("not_the_holder" if "planning" in actor else "done")
        assert (await client.post(f"{path}/draft", json=draft, headers=handler)).status_code == 200
        for actor in ("office:chen", "handler:housing/li", "department_leader:housing/wang", "dept:housing"):
            assert "drafts" in (await client.get(path, headers=bearer(actor))).json(), actor
        for actor in ("supervisor:he", "leader:shen", "discipline:ji", "clerk:lu"):
            shown = (await client.get(path, headers=bearer(actor))).json()
            assert "drafts" not in shown, actor
            assert shown["title"] == "漏水"
        for actor in ("handler:planning/xu", "entrepreneur:wu", "operator:sun", "expert:qi", "township:gu"):
            for there in (path, f"{path}/outcomes?command=http/office:chen/assign/x"):
                answer = await client.get(there, headers=bearer(actor))
                assert answer.status_code == UNKNOWN_TO_YOU, (actor, there)
                assert answer.json() == (await client.get("/issues/0", headers=bearer(actor))).json()


async def test_whoever_has_the_work_of_a_merged_department_reads_what_it_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reference = make_reference()
    monkeypatch.setattr("tests.fuzz.in_memory.builtin_reference", lambda: reference)
    app = in_memory("dispatch", monkeypatch)
    transport, place, office = httpx.ASGITransport(app), f"/issues/{ISSUE}", bearer("office:chen")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        await client.post(f"{place}/assign", json={"department": "housing"}, headers=office)
        readers = dict.fromkeys(("handler:planning/xu", "handler:police/qian"), UNKNOWN_TO_YOU)
        for actor, status in readers.items():
            assert (await client.get(place, headers=bearer(actor))).status_code == status
        entry = reference.departments["housing"].all()[-1]
        reference.learn("dept:housing", entry.model_copy(update={"version": "2", "merged_into": "planning"}))
        readers["handler:planning/xu"] = 200
        for actor, status in readers.items():
            assert (await client.get(place, headers=bearer(actor))).status_code == status, actor


async def test_by_no_route_does_anybody_touch_or_read_an_issue_that_another_department_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = in_memory("dispatch", monkeypatch)
    transport, place, office = httpx.ASGITransport(app), f"/issues/{ISSUE}", bearer("office:chen")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        given = await client.post(f"{place}/assign", json={"department": "housing"}, headers=office)
        held, before = given.json()["assignment"], (await client.get(place, headers=office)).json()
        for actor in ("handler:planning/li", "department_leader:planning/li", "dept:planning"):
            theirs = bearer(actor)
            for verb, (command, _) in ASKS.items():
                body = command.model_dump(mode="json", exclude_unset=True)
                body |= {"assignment": held} if "assignment" in body else {}
                answer = await client.post(f"{place}/{verb.replace('_', '-')}", json=body, headers=theirs)
                reason = answer.json()["reason"]
                assert (answer.status_code, reason in ("not_the_holder", "wrong_role")) == (403, True), verb
            for read in (place, f"{place}/outcomes?command=http/office:chen/assign/x"):
                assert (await client.get(read, headers=theirs)).status_code == UNKNOWN_TO_YOU, read
        assert {**(await client.get(place, headers=office)).json(), "version": 0} == {**before, "version": 0}


async def test_a_co_handler_reads_the_issue_without_drafts_and_gives_its_opinion_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = in_memory("dispatch", monkeypatch)
    transport, place, office = httpx.ASGITransport(app), f"/issues/{ISSUE}", bearer("office:chen")
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        given = await client.post(f"{place}/assign", json={"department": "housing"}, headers=office)
        held, handler = {"assignment": given.json()["assignment"]}, bearer("handler:housing/li")
        assert (await client.post(f"{place}/sign", json=held, headers=handler)).status_code == 200
        draft = {**held, "outcome": "solved", "text": "已修好。"}
        assert (await client.post(f"{place}/draft", json=draft, headers=handler)).status_code == 200
        asked = {**held, "department": "planning", "wanted": "是否符合规划"}
        added = (await client.post(f"{place}/add-co-handler", json=asked, headers=office)).json()
        part = added["assignment"]
        before = (await client.get(place, headers=office)).json()
        for actor in ("handler:planning/xu", "department_leader:planning/fang", "dept:planning"):
            theirs = bearer(actor)
            shown = (await client.get(place, headers=theirs)).json()
            assert shown["title"] == "漏水" and shown["co_handlers"][0]["wanted"] == "是否符合规划"
            assert not {"drafts", "others_drafts"} & set(shown), actor
            for verb, (command, _) in ASKS.items():
                if verb == "give_opinion":
                    continue
                body = command.model_dump(mode="json", exclude_unset=True)
                body |= held if "assignment" in body else {}
                answer = await client.post(f"{place}/{verb.replace('_', '-')}", json=body, headers=theirs)
                reason = answer.json()["reason"]
                assert (answer.status_code, reason in ("not_the_holder", "wrong_role")) == (403, True), verb
        assert {**(await client.get(place, headers=office)).json(), "version": 0} == {**before, "version": 0}
        opinion = {"assignment": part, "agrees": True}
        for who, status in (
            ("handler:police/qian", 403),
            ("handler:housing/li", 403),
            ("dept:planning", 200),
        ):
            answer = await client.post(f"{place}/give-opinion", json=opinion, headers=bearer(who))
            assert answer.status_code == status, (who, answer.text)
        assert (await client.get(place, headers=bearer("supervisor:he"))).json().get("co_handlers") is None


async def test_nobody_but_its_raiser_and_the_office_is_shown_who_raised_an_anonymous_issue(
    clients: Mapping[str, httpx.AsyncClient],
) -> None:
    client, raiser = clients["intake"], bearer("entrepreneur:wu")
    ids = {}
    for anonymous in (False, True):
        body = {"title": "漏水", "text": "水管漏水", "anonymous": anonymous, "enterprise": FIRM}
        answer = await client.post("/issues", json=body, headers=raiser)
        assert answer.status_code == 201, answer.text
        ids[anonymous] = answer.json()["id"]
    for actor, anonymous, shown in (
        ("entrepreneur:wu", True, True),
        ("office:chen", True, True),
        ("supervisor:he", False, True),
        ("supervisor:he", True, False),
        ("clerk:lu", True, False),
    ):
        found = (await client.get(f"/issues/{ids[anonymous]}", headers=bearer(actor))).json()
        assert ("person" in found, "enterprise" in found) == (shown, shown), actor
    other = await client.get(f"/issues/{ids[True]}", headers=bearer("entrepreneur:li"))
    assert other.status_code == UNKNOWN_TO_YOU


@pytest.mark.parametrize("verb", ["accept", "reject", "skip", "publish-again"])
async def test_a_link_admits_to_its_own_issue_and_to_what_its_raiser_does(
    verb: str, clients: Mapping[str, httpx.AsyncClient]
) -> None:
    link = Caller(
        sub="link",
        roles=(Role.ENTREPRENEUR,),
        jurisdiction="huzhou",
        session="tests",
        person="0" * 32,
        issue=ISSUE,
    )
    headers = {"Authorization": f"Bearer {sign(signing_key(KEYS), link)}"}
    for id in (ISSUE, "0000000000000"):
        answer = await clients["intake"].post(f"/issues/{id}/{verb}", json={}, headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (NOT_FOR_YOU, "wrong_role")
    answer = await clients["intake"].post("/issues/0000000000000/withdraw", json={}, headers=headers)
    assert answer.json()["reason"] == "wrong_role"
    answer = await clients["intake"].post(f"/issues/{ISSUE}/withdraw", json={}, headers=headers)
    assert answer.json()["reason"] == "unknown_issue"


@pytest.mark.parametrize(
    ("shape", "role"),
    [
        (shape, role)
        for shape in COMMANDS.values()
        for role, scope in RIGHTS.get((shape.aggregate, shape.verb), {}).items()
        if scope is Scope.OWN
    ],
)
def test_what_reaches_as_far_as_ones_own_is_refused_to_everybody_else_in_the_same_role(
    shape: type[Command], role: Role
) -> None:
    state = OWN[shape.service, shape.aggregate]
    kind = CONSUMERS[shape.service]("huzhou").kind(subject_of(shape.aggregate, "0000000000000"))
    assert kind is not None
    refused = kind.may_not(state, shape.model_construct(), f"{role}:{WANG}")
    assert refused is not None and refused.reason is Reason.WRONG_ROLE
    assert kind.may_not(state, shape.model_construct(), f"{role}:{LI}") is None


def test_an_entrepreneur_registers_and_else_asks_for_nothing_but_their_own() -> None:
    wide = {row for row, grants in RIGHTS.items() if grants.get(Role.ENTREPRENEUR, Scope.OWN) != Scope.OWN}
    for_themselves = {("talk", "sign_up"), ("talk", "stay_away")}
    registers = {("issue", "register"), ("person", "register")}
    assert {row for row in wide if row[1] != "read"} == registers | for_themselves
    assert not wide & {("issue", "read"), ("person", "read"), ("enterprise", "read")}


async def test_a_link_shows_no_outcome_of_another_issue_of_its_person(
    clients: Mapping[str, httpx.AsyncClient],
) -> None:
    ids = []
    for text in ("水管漏水", "电梯停运"):
        body = {"title": "报修", "text": text}
        ids.append(
            (await clients["intake"].post("/issues", json=body, headers=bearer("entrepreneur:li"))).json()[
                "id"
            ]
        )
    person, statuses = caller("entrepreneur:li").person, []
    link = caller("entrepreneur:li").model_copy(update={"issue": ids[0]})
    headers = {"Authorization": f"Bearer {sign(signing_key(KEYS), link)}"}
    for id in ids:
        command = {"command": f"http/entrepreneur:{person}/register/{id}"}
        answer = await clients["intake"].get(f"/issues/{id}/outcomes", params=command, headers=headers)
        statuses.append(answer.status_code)
    assert statuses == [200, UNKNOWN_TO_YOU]


def test_of_several_roles_the_one_asks_whose_right_reaches_farthest() -> None:
    for roles in ((Role.OBSERVER, Role.OFFICE), (Role.OFFICE, Role.OBSERVER)):
        both = caller("office:chen").model_copy(update={"roles": roles})
        assert asker_for(both, "issue", "make_link").role == Role.OFFICE
        assert asker_for(both, "issue", "register").role == roles[0]


def test_an_actor_is_read_as_it_is_written() -> None:
    for actor in ("office:chen", "handler:housing/li", "dept:housing", "entrepreneur:0a", "system:fan-out"):
        assert Asker.of(actor).actor == actor
    assert not Asker.of("handler:/li").is_within(Scope.DEPARTMENT, Belongs(departments=("",)))
    assert not Asker.of("entrepreneur:").is_within(Scope.OWN, Belongs(person=""))
