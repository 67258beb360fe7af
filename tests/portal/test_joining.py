"""Who may ask from the network: nobody without a code, and each code is good for one browser."""

import re
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse

from services.portal.app import application, serving
from services.portal.joining import ALPHABET, CODE_CHARS, Joining, WrongCode, new_code
from services.portal.network import (
    COOKIE,
    OF_ONE,
    PATH,
    WINDOW_SECONDS,
    Network,
    came_from,
    is_here,
    wrong_tries,
)
from services.portal.own import Own
from services.portal.settings import PortalSettings
from tests.portal.crawling import routes
from tests.portal.given import ASSETS, Given, at_another_time
from tests.serving import served

HERE, PHONE, OTHER = "127.0.0.1", "198.51.100.7", "198.51.100.8"
ADDRESS, CODE = "http://198.51.100.1:18404", "7K3M9QXT2B"
HOSTS = "127.0.0.1,localhost,198.51.100.1:18404"
CLAIMS = {
    "X-Forwarded-For": HERE,
    "X-Real-IP": HERE,
    "Forwarded": f"for={HERE}",
    "Client-IP": HERE,
    "X-Forwarded-Host": HERE,
}
"""What somebody might say of where they ask from."""


class Net:
    """A portal on a network: a browser on any address of it."""

    def __init__(self, given: Given) -> None:
        self.given, self.file = given, given.file
        self.started(CODE)

    def started(self, code: str) -> None:
        """The portal was started; with the code of before it is the same start of the system."""
        self.joining = Joining(Own(self.file).database, ADDRESS, code)
        portal = self.given.portal._replace(joining=self.joining)
        settings = PortalSettings(embedded=True, http_hosts=HOSTS, lan_code=code)
        self.app = application(portal, ASSETS, settings)

    def browser(self, client: str, base: str = ADDRESS) -> httpx.AsyncClient:
        """A browser of the machine with this address."""
        transport = httpx.ASGITransport(self.app, client=(client, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=base, headers={"Accept-Language": "zh-CN"})


@pytest.fixture
def net(given: Given) -> Net:
    """A portal that lets phones join."""
    given.answered()
    return Net(given)


def is_plain(answer: httpx.Response) -> bool:
    """Whether this is the page for who has not joined, and nothing more."""
    headers = answer.headers
    policy = headers.get("content-security-policy", "")
    return (
        answer.status_code == 403
        and "二维码" in answer.text
        and "QR code" in answer.text
        and not re.search(r"<script|<style|style=|<link|<img|src=|/static|qinqing_session", answer.text)
        and "style-src" not in policy
        and "default-src 'none'" in policy
        and headers["cache-control"] == "no-store"
        and "set-cookie" not in headers
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
async def test_whatever_is_asked_from_the_network_without_a_code_one_plain_page_is_all(
    net: Net, method: str
) -> None:
    more = ["/static/nothing.css", "/health/live", "/health/ready", "/metrics", "/api/figures", "/nowhere"]
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', (await net.browser(HERE).get("/sign-in")).text)
    assert files
    async with net.browser(PHONE) as phone:
        for path in [*routes(net.app, "GET"), *files, *more, PATH, "//join", "/lan"]:
            answer = await phone.request(method, path)
            assert answer.status_code == 403, path
            assert method == "HEAD" or is_plain(answer), path


async def test_this_machine_is_answered_as_ever(net: Net) -> None:
    async with net.browser(HERE, "http://127.0.0.1") as here:
        assert (await here.get("/sign-in")).status_code == 200
        assert (await here.get("/health/live")).status_code == 200


async def test_who_brings_the_code_is_in_and_it_is_good_once(net: Net) -> None:
    async with net.browser(PHONE) as phone, net.browser(OTHER) as other:
        answer = await phone.get(f"{PATH}?code={CODE}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].lower()
        assert (
            COOKIE in cookie and "httponly" in cookie and "samesite=lax" in cookie and "secure" not in cookie
        )
        page = await phone.get("/", follow_redirects=True)
        assert page.status_code == 200 and "entrepreneur:wu" in page.text
        again = await other.get(f"{PATH}?code={CODE}")
        assert is_plain(again) and "已经用过" in again.text and "used already" in again.text
        assert is_plain(await other.get("/"))
        assert net.joining.code != CODE
        assert (await other.get(f"{PATH}?code={net.joining.code}")).status_code == 303
        assert (await other.get("/")).status_code == 200


async def test_a_wrong_code_is_said_to_be_wrong_and_the_right_one_stays_good(net: Net) -> None:
    async with net.browser(PHONE) as phone:
        for wrong in ("", "0000000000", CODE[:-1], CODE + "0", "水" * 200, "\x00", "%"):
            answer = await phone.get(PATH, params={"code": wrong})
            assert is_plain(answer) and "不对" in answer.text and "not right" in answer.text
        assert (await phone.get(PATH, params={"code": CODE})).status_code == 303


async def test_who_guesses_codes_waits_and_nobody_else_does(net: Net) -> None:
    async with net.browser(PHONE) as phone, net.browser(OTHER) as other, net.browser(PHONE) as joined:
        await joined.get(PATH, params={"code": CODE})
        for _ in range(OF_ONE):
            assert "不对" in (await phone.get(PATH, params={"code": "0000000000"})).text
        answer = await phone.get(PATH, params={"code": net.joining.code})
        assert (answer.status_code, answer.headers["retry-after"]) == (429, str(int(WINDOW_SECONDS)))
        assert "输错的次数太多" in answer.text and "Too many wrong codes" in answer.text
        assert (await joined.get("/sign-in")).status_code == 200, "who is in stays in"
        assert (await other.get(PATH, params={"code": net.joining.code})).status_code == 303
        with at_another_time(net.given, timedelta(seconds=WINDOW_SECONDS + 1)):
            assert (await phone.get(PATH, params={"code": net.joining.code})).status_code == 303


async def test_many_behind_one_address_who_type_what_is_right_never_wait(net: Net) -> None:
    for _ in range(2 * OF_ONE):
        async with net.browser(PHONE) as phone:
            used, code = net.joining.code, net.joining.code
            assert (await phone.get(PATH, params={"code": code})).status_code == 303
        async with net.browser(PHONE) as late:
            assert "已经用过" in (await late.get(PATH, params={"code": used})).text


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("198.51.100.7", 1), "198.51.100.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("testclient", 1), "testclient"),
        (None, ""),
    ],
)
def test_tries_are_counted_by_the_machine_they_come_from(client: object, counted: str) -> None:
    assert came_from({"client": client}) == counted


async def test_what_is_typed_by_hand_is_read_as_it_was_meant(net: Net) -> None:
    net.joining.code = "10ABCDEFGH"
    async with net.browser(PHONE) as phone:
        assert (await phone.get(PATH, params={"code": " iO-abc def gh "})).status_code == 303


@pytest.mark.parametrize(
    ("method", "headers"), [("HEAD", {}), ("GET", {"Sec-Purpose": "prefetch"}), ("POST", {})]
)
async def test_a_program_that_looks_ahead_uses_no_code_up(
    net: Net, method: str, headers: dict[str, str]
) -> None:
    async with net.browser(PHONE) as phone:
        answer = await phone.request(method, f"{PATH}?code={CODE}", headers=headers)
        assert answer.status_code == 403 and net.joining.code == CODE


async def test_who_is_in_uses_no_code_up(net: Net) -> None:
    async with net.browser(PHONE) as phone, net.browser(HERE) as here:
        await phone.get(f"{PATH}?code={CODE}")
        next = net.joining.code
        for browser in (phone, here):
            assert (await browser.get(f"{PATH}?code={next}")).headers["location"] == "/"
        assert net.joining.code == next


async def test_a_used_code_is_used_after_a_restart_too_and_who_joined_is_in_still(net: Net) -> None:
    async with net.browser(PHONE) as phone:
        await phone.get(f"{PATH}?code={CODE}")
        cookie = phone.cookies[COOKIE]
    net.started(CODE)
    async with net.browser(OTHER) as other, net.browser(PHONE) as phone:
        assert "已经用过" in (await other.get(f"{PATH}?code={CODE}")).text
        phone.cookies.set(COOKIE, cookie)
        assert (await phone.get("/")).status_code == 200


async def test_a_code_that_nobody_used_is_good_after_a_restart(net: Net) -> None:
    net.started(CODE)
    assert net.joining.code == CODE


async def test_another_start_of_the_system_begins_with_nobody(net: Net) -> None:
    async with net.browser(PHONE) as phone:
        await phone.get(f"{PATH}?code={CODE}")
        cookie = phone.cookies[COOKIE]
    net.started(new_code())
    async with net.browser(PHONE) as phone:
        phone.cookies.set(COOKIE, cookie)
        assert is_plain(await phone.get("/"))


async def test_only_hashes_of_cookies_and_codes_are_kept(net: Net) -> None:
    async with net.browser(PHONE) as phone:
        await phone.get(f"{PATH}?code={CODE}")
        with sqlite3.connect(net.file) as database:
            kept = "\n".join(database.iterdump())
        assert "joining" in kept and phone.cookies[COOKIE] not in kept and CODE not in kept


@pytest.mark.parametrize("claim", CLAIMS)
async def test_nobody_is_believed_to_be_here_for_saying_so(net: Net, claim: str) -> None:
    async with net.browser(PHONE) as phone:
        assert is_plain(await phone.get("/", headers={claim: CLAIMS[claim]}))
        assert is_plain(await phone.get("/", headers={"Host": "127.0.0.1", claim: CLAIMS[claim]}))


async def test_the_server_itself_believes_no_proxy_whatever_its_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    asked: list[tuple[str, str]] = []

    async def app(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        asked.append((scope["client"][0], scope["scheme"]))
        await PlainTextResponse("")(scope, receive, send)

    config = serving(app, drain=0.0).config
    assert not config.proxy_headers
    async with (
        served(app, lifespan="off", proxy_headers=config.proxy_headers) as url,
        httpx.AsyncClient() as client,
    ):
        await client.get(url, headers={"X-Forwarded-For": PHONE, "X-Forwarded-Proto": "https"})
    assert asked == [(HERE, "http")]


async def test_a_socket_that_is_no_page_is_closed(net: Net) -> None:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "websocket", "path": "/", "client": (PHONE, 1), "headers": []}
    await Network(net.app, net.joining, wrong_tries())(scope, lambda: None, send)  # type: ignore[arg-type]
    assert said == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(
    ("client", "here"),
    [
        (("127.0.0.1", 1), True),
        (("127.9.9.9", 1), True),
        (("::1", 1), True),
        (("198.51.100.1", 1), False),
        (("0.0.0.0", 1), False),
        (("localhost", 1), False),
        (("", 1), False),
        (None, False),
    ],
)
def test_here_is_loopback_and_nothing_else(client: tuple[str, int] | None, here: bool) -> None:
    assert is_here({"client": client}) is here


async def test_the_screen_of_this_machine_shows_the_code_that_is_good_now(net: Net) -> None:
    async with net.browser(HERE, "http://127.0.0.1") as here, net.browser(PHONE) as phone:
        page = await here.get("/lan")
        assert page.status_code == 200 and CODE in page.text and ADDRESS in page.text
        step = re.findall(r"/lan/code\?shown=(\w+)", page.text)[0]
        assert (await here.get(f"/lan/code?shown={step}")).status_code == 204
        drawn = await here.get("/lan/code.svg")
        assert (
            drawn.headers["content-type"] == "image/svg+xml" and drawn.headers["cache-control"] == "no-store"
        )
        assert "style" not in drawn.text and "<script" not in drawn.text
        await phone.get(f"{PATH}?code={CODE}")
        part = await here.get(f"/lan/code?shown={step}")
        assert net.joining.code in part.text and CODE not in part.text and "已有一台加入" in part.text
        assert (await here.get("/lan/code.svg")).text != drawn.text
        english = await here.get("/lan", headers={"Accept-Language": "en"})
        assert "Let a phone join" in english.text


async def test_the_code_is_for_the_screen_of_this_machine_alone(net: Net) -> None:
    async with net.browser(PHONE) as phone, net.browser(HERE, "http://127.0.0.1") as here:
        await phone.get(f"{PATH}?code={CODE}")
        for path in ("/lan", "/lan/code", "/lan/code.svg"):
            answer = await phone.get(path)
            assert answer.status_code == 404 and net.joining.code not in answer.text
        for browser, linked in ((phone, False), (here, True)):
            page = await browser.get("/sign-in")
            mark = re.findall(r'name="mark" value="(\w+)"', page.text)[0]
            home = await browser.post(
                "/sign-in", data={"mark": mark, "do": "entrepreneur:wu"}, follow_redirects=True
            )
            assert home.status_code == 200 and ('href="/lan"' in home.text) is linked


async def test_a_portal_on_loopback_alone_has_no_such_page(given: Given) -> None:
    browser = given.browser()
    await browser.sign_in()
    assert (await browser.open("/mine")).status_code == 200 and 'href="/lan"' not in browser.page.text
    for path in ("/lan", "/lan/code", "/lan/code.svg", PATH):
        assert (await browser.open(path)).status_code == 404


async def test_a_foreign_name_for_the_address_is_refused_to_who_joined_too(net: Net) -> None:
    async with net.browser(PHONE) as phone:
        await phone.get(f"{PATH}?code={CODE}")
        cookie = f"{COOKIE}={phone.cookies[COOKIE]}"
        answer = await phone.get("/", headers={"Host": "evil.example", "Cookie": cookie})
        assert answer.status_code == 421


def test_two_that_bring_the_same_code_are_not_both_let_in(tmp_path: Path) -> None:
    joining = Joining(Own(tmp_path / "own.db").database, ADDRESS, CODE)
    assert joining.has_joined(joining.join(CODE))
    with pytest.raises(WrongCode):
        joining.join(CODE)


def test_codes_are_of_crockfords_alphabet_and_none_is_another() -> None:
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000 and all(re.fullmatch(f"[{ALPHABET}]{{{CODE_CHARS}}}", code) for code in codes)
