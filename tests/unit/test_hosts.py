"""Which hosts and pages a service answers: loopback by name and port, its own pages, and what a setting allows."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from shared.hosts import Hosts
from shared.problems import install_problems
from shared.settings import Settings
from tests.serving import served

PORT = 18400
OURS = ["127.0.0.1:18400", "localhost:18400", "LocalHost:18400", "[::1]:18400"]
FOREIGN = [
    "example.com",
    "example.com:18400",
    "127.0.0.1.example.com:18400",
    "127.0.0.1",
    "127.0.0.1:18401",
    "localhost",
    "localhost.:18400",
    "127.0.0.1.:18400",
    "127.1:18400",
    "0.0.0.0:18400",
    "2130706433:18400",
    "[::]:18400",
    "::1:18400",
    "[::1]",
    "[::1",
    "[0:0:0:0:0:0:0:1]:18400",
    "[::ffff:127.0.0.1]:18400",
    "127.0.0.1:18400:18400",
    "127.0.0.1:018400",
    "127.0.0.1:",
    "127.0.0.1:18400,example.com",
    "127.0.0.1:18400@example.com",
    "",
    " ",
    ":18400",
    "localhost:18400/",
    "user@localhost:18400",
]
OPEN = ["/health/live", "/health/ready", "/metrics"]
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]


def application(hosts: str = "", port: int = PORT, origins: str = "") -> FastAPI:
    app = FastAPI()
    install_problems(app, 1_000_000)
    app.add_middleware(Hosts, hosts=hosts, port=port, origins=origins)

    @app.api_route("/{path:path}", methods=METHODS)
    async def anything(path: str) -> str:
        return f"content of {path}"

    return app


async def ask(
    app: FastAPI, path: str, headers: Iterable[tuple[str, str]], method: str = "GET"
) -> httpx.Response:
    """Ask with these headers and no others, so that Host can be odd or missing."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        request = client.build_request(method, path)
        request.headers = httpx.Headers(list(headers))
        return await client.send(request)


async def from_host(host: str, app: FastAPI | None = None, path: str = "/issues/A") -> httpx.Response:
    return await ask(app or application(), path, [("Host", host)])


async def test_no_link_on_another_site_leads_into_a_service() -> None:
    navigated = [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "navigate"),
        ("Sec-Fetch-Dest", "document"),
    ]
    answer = await ask(application(), "/issues/A", [("Host", OURS[0]), *navigated])
    assert answer.status_code == 403


@pytest.mark.parametrize("host", OURS)
async def test_loopback_is_answered_under_its_names_and_port(host: str) -> None:
    assert (await from_host(host)).text == '"content of issues/A"'


@pytest.mark.parametrize("host", FOREIGN)
async def test_a_request_for_any_other_host_is_misdirected(host: str) -> None:
    answer = await from_host(host)
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == "Host"
    assert "content" not in answer.text
    assert not host.strip() or host not in answer.text


@pytest.mark.parametrize(
    "headers", [[], [("Host", OURS[0])] * 2, [("Host", OURS[0]), ("Host", "example.com")]]
)
async def test_exactly_one_host_is_named(headers: list[tuple[str, str]]) -> None:
    assert (await ask(application(), "/issues/A", headers)).status_code == 421


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize("host", ["10.0.0.7:18400", "intake", "example.com"])
async def test_probes_and_scrapers_ask_under_any_name(host: str, path: str) -> None:
    assert (await from_host(host, path=path)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/docs",
        "/openapi.json",
        "/asyncapi.json",
        "/health",
        "/health/",
        "/health/live/../../issues/A",
        "/metrics/issues",
        "//metrics",
        "/metrics/",
        "/health/live%0a",
        "/HEALTH/live",
        "/issues/metrics",
    ],
)
async def test_nothing_else_is_answered_under_any_name(path: str) -> None:
    assert (await from_host("example.com", path=path)).status_code == 421


@pytest.mark.parametrize("port", [0, 80])
async def test_where_the_port_says_nothing_only_the_name_counts(port: int) -> None:
    for host in ("127.0.0.1", "localhost:4711", "[::1]", "[::1]:80"):
        assert (await from_host(host, application(port=port))).status_code == 200
    for host in ("example.com", "127.0.0.1:", "127.0.0.1:123456", "127.0.0.1:-1", "127.0.0.1:80\n"):
        assert (await from_host(host, application(port=port))).status_code == 421


async def test_a_setting_names_other_hosts_with_or_without_their_port() -> None:
    app = application(hosts="intake,example.org:443")
    for host in ("intake", "intake:8000", "INTAKE:1", "example.org:443"):
        assert (await from_host(host, app)).status_code == 200
    for host in ("example.org", "example.org:80", "127.0.0.1:18400", "intake.example.com"):
        assert (await from_host(host, app)).status_code == 421


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "more",
    [
        [("Origin", "http://example.com")],
        [("Origin", "null")],
        [("Origin", "")],
        [("Origin", "http://127.0.0.1:3000")],
        [("Origin", "http://localhost:18400")],
        [("Origin", "http://127.0.0.1")],
        [("Origin", "http://127.0.0.1:18400.example.com")],
        [("Origin", "http://example.com#http://127.0.0.1:18400")],
        [("Origin", "file://127.0.0.1:18400")],
        [("Origin", "127.0.0.1:18400")],
        [("Origin", "http://127.0.0.1:18400")] * 2,
        [("Origin", "http://127.0.0.1:18400"), ("Origin", "http://example.com")],
        [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "Cross-Site"), ("Sec-Fetch-Mode", "navigate")],
        [("Origin", "http://example.com"), ("Sec-Fetch-Site", "same-origin")],
    ],
    ids=str,
)
async def test_another_sites_page_sends_nothing_here(method: str, more: list[tuple[str, str]]) -> None:
    for path in ("/issues/A", *OPEN):
        answer = await ask(application(), path, [("Host", OURS[0]), *more], method)
        assert answer.status_code == 403
        assert "content" not in answer.text
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "more",
    [
        [],
        [("Origin", "http://127.0.0.1:18400")],
        [("Origin", "https://127.0.0.1:18400")],
        [("Origin", "http://127.0.0.1:18400"), ("Sec-Fetch-Site", "same-origin")],
        [("Sec-Fetch-Site", "none")],
        [("Sec-Fetch-Site", "same-origin")],
    ],
    ids=str,
)
async def test_our_own_page_and_programs_ask_freely_and_no_other_page_reads_it(
    more: list[tuple[str, str]],
) -> None:
    answer = await ask(application(), "/issues/A", [("Host", OURS[0]), *more], "POST")
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_setting_names_other_pages_that_may_ask() -> None:
    app = application(origins="https://example.org,http://hall:81")
    for origin, status in (
        ("https://example.org", 200),
        ("http://hall:81", 200),
        ("http://example.org", 403),
        ("https://example.org:444", 403),
        ("http://127.0.0.1:18400", 200),
    ):
        headers = [("Host", OURS[0]), ("Origin", origin), ("Sec-Fetch-Site", "cross-site")]
        assert (await ask(app, "/issues/A", headers)).status_code == status


@pytest.mark.parametrize(
    "values",
    [
        {"http_hosts": "*"},
        {"http_hosts": "Intake"},
        {"http_hosts": "intake, other"},
        {"http_hosts": "intake,"},
        {"http_hosts": "http://intake"},
        {"http_hosts": "intake:port"},
        {"http_origins": "*"},
        {"http_origins": "example.org"},
        {"http_origins": "https://example.org/"},
        {"http_origins": "null"},
    ],
    ids=str,
)
def test_a_setting_that_would_allow_everything_or_nothing_is_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        Settings(**values)


def test_hosts_and_origins_as_they_are_written_are_taken() -> None:
    hosts, origins = (
        "intake,example.org:443,[fd00::7]:8000,10.0.0.7",
        "https://example.org,http://hall:81",
    )
    settings = Settings(http_hosts=hosts, http_origins=origins)
    assert (settings.http_hosts, settings.http_origins) == (hosts, origins)


@asynccontextmanager
async def raw(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()


@pytest.mark.parametrize(
    "lines",
    [
        "GET /issues/A HTTP/1.1\r\nHost: example.com\r\n",
        "GET /issues/A HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: example.com\r\n",
        "GET /issues/A HTTP/1.1\r\nHost: example.com\r\nX-Forwarded-Host: 127.0.0.1\r\nForwarded: host=127.0.0.1\r\n",
        "GET /issues/A HTTP/1.1\r\n",
        "GET /issues/A HTTP/1.0\r\n",
        "GET http://example.com/issues/A HTTP/1.1\r\nHost: example.com\r\n",
        "GET /issues/A HTTP/1.1\r\nhOsT: example.com\r\n",
        "GET /issues/A HTTP/1.1\r\nHost:\texample.com\r\n",
        "GET /issues/A HTTP/1.1\r\nHost: 127.0.0.1\r\n example.com\r\n",
        "POST /issues/A HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000000000\r\n",
    ],
)
async def test_over_a_real_server_too_nothing_is_shown_to_a_foreign_host(lines: str) -> None:
    async with served(application(port=0), log_level="critical") as url, raw(url) as (reader, writer):
        writer.write(f"{lines}Connection: close\r\n\r\n".encode())
        async with asyncio.timeout(10):
            status = (await reader.readline()).decode()
            rest = (await reader.read()).decode()
        assert status.split()[1] in ("400", "421")
        assert "content of" not in rest
