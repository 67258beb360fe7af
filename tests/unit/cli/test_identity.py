"""The command line signs for itself: each request bears a token of the right person in the right role."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from services.cli import identity
from services.cli.main import app
from services.cli.system import RunningSystem
from services.dispatch.builtin import first_commands, invented_staff
from shared.contract.commands.dispatch import PublishDepartment
from shared.contract.words import Role
from shared.identity.keys import issuers
from shared.identity.tokens import Caller, Tokens
from tests.keys import DATA, KEYS, REFERENCES
from tests.unit.cli.owners import Owner

URLS = {name: f"http://{name}" for name in ("intake", "dispatch", "supervision", "feedback")}
LINK = "7K3M9QXT2B4N6.2.00112233445566778899aabbccddeeff"
ACCEPTED = {"id": "A", "number": "A-1", "due_on": "2026-12-10"}


class Town:
    """The services of a running system, stood in for; ``asked`` is who asked what, in order."""

    def __init__(self) -> None:
        self.owner = Owner()
        self.owner.versions += [
            {
                "subject": f"staff:{account}",
                "type": "staff.published.v1",
                "version": "1",
                "in_force_from": "1970-01-01T00:00:00+00:00",
                "data": {
                    **entry.model_dump(mode="json"),
                    "version": "1",
                    "in_force_from": "1970-01-01T00:00:00Z",
                    "by": "first-start",
                },
            }
            for account, entry in invented_staff()
        ]
        self.asked: list[tuple[str, Caller]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        scheme, _, token = request.headers["Authorization"].partition(" ")
        assert scheme == "Bearer"
        assert "Qinqing-Actor" not in request.headers
        caller = Tokens(issuers(KEYS), "huzhou").read(token)
        self.asked.append((f"{request.method} {request.url}", caller))
        if request.url.path == "/dead-letters":
            return httpx.Response(200, json={"dead_letters": [], "next": None})
        if request.url.path == "/links/redeem":
            return self.redeem(json.loads(request.content)["link"])
        if request.url.path == "/issues":
            return httpx.Response(201, json=ACCEPTED)
        return self.owner._answer(request)

    @staticmethod
    def redeem(link: str) -> httpx.Response:
        if link == "GUESSED":
            return httpx.Response(429, json={}, headers={"Retry-After": "51"})
        if link != LINK:
            return httpx.Response(404, json={})
        return httpx.Response(200, json={"issue": "7K3M9QXT2B4N6", "person": "ab" * 16, "serial": 2})

    def roles(self) -> set[str]:
        return {str(role) for _, caller in self.asked for role in caller.roles}


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    town = Town()
    running = RunningSystem(1, "ready", DATA, 1, "", {}, URLS, "")
    real = httpx.Client

    def client(**settings: Any) -> httpx.Client:
        assert settings["trust_env"] is False
        return real(**settings, transport=httpx.MockTransport(town.answer))

    monkeypatch.setattr(identity.httpx, "Client", client)
    for module in ("operating", "reference.owner", "submit", "token"):
        monkeypatch.setattr(f"services.cli.{module}.need_system", lambda *_: running)
    monkeypatch.setenv("LOGNAME", "li ming")
    return town


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def read(result: Result) -> Caller:
    assert result.exit_code == 0, result.output
    return Tokens(issuers(KEYS), "huzhou").read(result.stdout.strip())


@pytest.mark.parametrize(
    ("words", "role"),
    [
        (("deadletters", "list"), "operator"),
        (("departments", "show"), "administrator"),
        (("policy", "show"), "administrator"),
        (("staff", "list"), "administrator"),
        (("staff", "add", "刘洋", "--account", "liu", "--role", "office"), "administrator"),
        (("departments", "merge", "housing", "--into", "planning"), "administrator"),
    ],
    ids=str,
)
def test_every_request_bears_a_token_of_who_works_at_the_terminal(
    town: Town, words: tuple[str, ...], role: str
) -> None:
    typed(*words)
    assert town.asked
    assert town.roles() == {role}
    assert {caller.account for _, caller in town.asked} == {"li_ming"}


def test_an_issue_is_raised_by_the_invented_entrepreneur_or_whom_one_names(town: Town) -> None:
    for words, account in (((), "wu"), (("--actor", "entrepreneur:zheng"), "zheng")):
        assert typed("submit", "--title", "题", "--text", "内容", *words).exit_code == 0
        place, caller = town.asked.pop()
        assert place == "POST http://intake/issues"
        assert (caller.roles, caller.account, caller.person) == (
            (Role.ENTREPRENEUR,),
            account,
            REFERENCES.person(account),
        )
    assert typed("submit", "--title", "题", "--text", "内容", "--actor", "clerk:sun").exit_code == 0
    assert town.asked.pop()[1].roles == (Role.CLERK,)


@pytest.mark.parametrize(
    ("who", "role", "department"),
    [
        ("office:chen", Role.OFFICE, ""),
        ("handler:li", Role.HANDLER, "housing"),
        ("handler:housing/li", Role.HANDLER, "housing"),
        ("administrator:hu", Role.ADMINISTRATOR, ""),
    ],
)
def test_a_printed_token_is_of_that_official_in_that_role_alone(
    town: Town, who: str, role: Role, department: str
) -> None:
    caller = read(typed("token", "--as", who))
    assert caller.account == who.rpartition(":")[2].rpartition("/")[2]
    assert (caller.roles, caller.department, caller.person) == ((role,), department, "")


def test_a_printed_token_of_an_entrepreneur_bears_their_reference(town: Town) -> None:
    caller = read(typed("token", "--as", "entrepreneur:wu"))
    assert (caller.roles, caller.person) == ((Role.ENTREPRENEUR,), REFERENCES.person("wu"))


def test_a_token_for_a_link_is_of_its_person_and_good_for_its_issue_alone(town: Town) -> None:
    caller = read(typed("token", "--link", LINK))
    assert (caller.account, caller.roles, caller.department) == ("link-2", (Role.ENTREPRENEUR,), "")
    assert (caller.issue, caller.person) == ("7K3M9QXT2B4N6", "ab" * 16)
    assert (town.asked[0][0], town.roles()) == ("POST http://intake/links/redeem", {"operator"})


@pytest.mark.parametrize(("link", "code", "why"), [("GUESSED", 1, "51"), ("revoked", 2, "not valid")])
def test_a_link_that_is_not_valid_or_not_to_be_tried_now_gives_no_token(
    town: Town, link: str, code: int, why: str
) -> None:
    result = typed("token", "--link", link)
    assert (result.exit_code, why in result.output) == (code, True)
    assert "eyJ" not in result.output


@pytest.mark.parametrize("words", [(), ("--as", "office:chen", "--link", LINK)])
def test_a_token_is_of_a_person_or_for_a_link(town: Town, words: tuple[str, ...]) -> None:
    result = typed("token", *words)
    assert (result.exit_code, "--link LINK" in result.output) == (2, True)


def test_every_role_has_somebody_from_the_first_start(town: Town) -> None:
    listed = json.loads(typed("staff", "list", "--json").stdout)
    names = [name for one in listed for name in one["as"]] + ["entrepreneur:wu"]
    assert {name.partition(":")[0] for name in names} == {*Role} - {Role.DEPARTMENT}
    for name in names:
        assert read(typed("token", "--as", name)).roles == (name.partition(":")[0],)


def test_who_works_in_a_department_stands_in_its_entry() -> None:
    entries = dict(first_commands("huzhou", with_people=True))
    housing = entries["dept:housing"]
    assert isinstance(housing, PublishDepartment)
    assert (housing.handlers, housing.leaders) == (("li",), ("zhou",))


def test_nobody_is_invented_unless_it_is_asked_for() -> None:
    plain = first_commands("huzhou")
    assert not [subject for subject, _ in plain if subject.startswith("staff:")]
    for _, command in plain:
        assert not isinstance(command, PublishDepartment) or command.leaders == command.handlers == ()


@pytest.mark.parametrize(
    "who",
    [
        "office:nobody",
        "supervisor:chen",
        "handler:planning/li",
        "dept:housing",
        "chen",
        "",
        ":",
        "office:",
        "king:chen",
    ],
)
def test_who_is_nobody_is_told_who_there_is(town: Town, who: str) -> None:
    result = typed("token", "--as", who)
    assert result.exit_code == 2
    for name in ("entrepreneur:wu", "office:chen", "handler:housing/li"):
        assert name in result.output.replace("\n", " ")
    assert "eyJ" not in result.output


@pytest.mark.parametrize(
    "who", ["entrepreneur:", "entrepreneur:a b", "entrepreneur:a/b", "entrepreneur:" + "x" * 81]
)
def test_what_no_account_may_be_is_refused_with_what_it_may_be(town: Town, who: str) -> None:
    result = typed("token", "--as", who)
    assert (result.exit_code, "at most 80" in result.output) == (2, True)


@pytest.mark.parametrize(
    ("words", "minutes"), [((), 15), (("--lifetime", "1"), 1), (("--lifetime", "15"), 15)]
)
def test_a_token_says_when_it_ends(town: Town, words: tuple[str, ...], minutes: int) -> None:
    said = json.loads(typed("token", "--as", "office:chen", "--json", *words).stdout)
    ends_at = datetime.fromisoformat(said["expires_at"])
    later = ends_at + timedelta(minutes=1)
    assert timedelta() < ends_at - datetime.now(UTC) <= timedelta(minutes=minutes)
    assert (said["account"], said["roles"]) == ("chen", ["office"])
    assert Tokens(issuers(KEYS), "huzhou").read(said["token"]).account == "chen"
    with pytest.raises(ValueError, match="Expired"):
        Tokens(issuers(KEYS), "huzhou", lambda: later).read(said["token"])


@pytest.mark.parametrize("lifetime", ["0", "16", "-1", "x"])
def test_no_token_is_good_for_longer_than_a_quarter_of_an_hour(town: Town, lifetime: str) -> None:
    assert typed("token", "--as", "office:chen", "--lifetime", lifetime).exit_code == 2


def test_an_official_is_added_changed_and_left_alone(town: Town) -> None:
    added = ("staff", "add", "刘洋", "--account", "liu", "--role", "office", "--role", "clerk", "--json")
    first = json.loads(typed(*added).stdout)
    path, body, _ = town.owner.asked[-1]
    assert (path, body["roles"]) == ("/staff/liu/publish", ["office", "clerk"])
    again = json.loads(typed(*added).stdout)
    assert first["account"] == again["account"] == "liu"
    keys = [
        headers["Idempotency-Key"] for path, _, headers in town.owner.asked if path == "/staff/liu/publish"
    ]
    assert len(set(keys)) == 2  # each names the version that it comes after


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--account", "liu", "--role", "handler"), "--department"),
        (("--account", "liu", "--role", "handler", "--department", "nowhere"), "nowhere"),
        (("--account", "liu", "--role", "king"), "office"),
        (("--account", "liu", "--role", "entrepreneur"), "persons of intake"),
        (("--account", "liu", "--role", "office", "--role", "dept", "--department", "housing"), "its topic"),
        (("--account", "l u", "--role", "office"), "chen.wei"),
        (("--account", "liu", "--role", "office", "--level", "moon"), "township"),
    ],
    ids=str,
)
def test_an_official_who_cannot_be_is_refused_with_what_would_be_right(
    town: Town, words: tuple[str, ...], said: str
) -> None:
    result = typed("staff", "add", "刘洋", *words)
    assert (result.exit_code, town.owner.asked) == (2, [])
    assert said in result.output


def test_elsewhere_the_first_administrator_is_added_with_the_deployments_own_key(
    town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = ("staff", "add", "王敏", "--account", "wangmin", "--role", "administrator")
    elsewhere = (*words, "--dispatch", "http://example.org")
    monkeypatch.setenv("QINQING_KEYS_DIR", str(KEYS))
    assert typed(*elsewhere).exit_code == 0
    assert town.asked[-1][0].startswith("GET http://example.org/")
    for folder, said in (("", "QINQING_KEYS_DIR is not set"), (str(tmp_path), "signing.jwk")):
        monkeypatch.setenv("QINQING_KEYS_DIR", folder)
        result = typed(*elsewhere)
        assert (result.exit_code, said in result.output) == (2, True)


@pytest.mark.parametrize(
    "words",
    [("token", "--as", "office:chen"), ("submit", "--title", "a", "--text", "b"), ("deadletters", "list")],
)
def test_without_the_deployments_keys_a_command_ends_with_one_sentence(
    town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    running = RunningSystem(1, "ready", tmp_path, 1, "", {}, URLS, "")
    for module in ("operating", "reference.owner", "submit", "token"):
        monkeypatch.setattr(f"services.cli.{module}.need_system", lambda *_: running)
    result = typed(*words)
    assert (result.exit_code, town.asked) == (2, [])
    assert "docs/security.md" in result.output
    assert not isinstance(result.exception, Exception)


def test_a_long_command_signs_anew_for_each_request() -> None:
    signed = iter(["one", "two"])
    auth: Callable[..., Any] = identity.Signed(lambda: next(signed)).auth_flow
    borne = [next(auth(httpx.Request("GET", "http://intake"))).headers["Authorization"] for _ in range(2)]
    assert borne == ["Bearer one", "Bearer two"]
