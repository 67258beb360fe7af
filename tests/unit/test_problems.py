"""Whatever goes wrong over HTTP is a problem document, and what a body may be is the same for every reader."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from shared.problems import install_problems

MOST = 10_000


class Body(BaseModel):
    """What the one route takes."""

    text: str = ""


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problems(app, MOST)

    @app.post("/echo")
    async def echo(body: Body) -> Body:
        return body

    @app.get("/bug")
    async def bug() -> None:
        raise ZeroDivisionError

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as found:
        yield found


def problem_of(response: httpx.Response, status: int) -> dict[str, object]:
    """The problem document of an answer with this status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = dict(response.json())
    assert body["status"] == status
    return body


@pytest.mark.parametrize(
    "body",
    [
        b'{"text": ',
        b'{"text": "a", "text": "b"}',
        b'{"text": [{"a": 1, "a": 2}]}',
        b'{"number": NaN}',
        b'{"number": Infinity}',
        b'{"text": "\\ud800"}',
        b'{"\\ud800": ""}',
        b'{"text": "\xff"}',
        b"\xef\xbb\xbf{}",
        b'{"number": ' + b"9" * 5000 + b"}",
        b"[" * 5000 + b"]" * 5000,
        b"\x00",
    ],
)
async def test_what_not_every_reader_takes_alike_is_no_json(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/echo", content=body, headers={"Content-Type": "application/json"})
    assert problem_of(answer, 400)["reason"] == "malformed"


@pytest.mark.parametrize("text", ["漏水", "\U0001f6b0", "\x00", "\\", '"', "a" * 3000])
async def test_every_text_comes_through_as_it_was_sent(client: httpx.AsyncClient, text: str) -> None:
    assert (await client.post("/echo", json={"text": text})).json() == {"text": text}


@pytest.mark.parametrize(
    "name", ["application/json; charset=utf-8", "Application/JSON", "application/problem+json"]
)
async def test_a_body_that_is_called_json_is_read(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.post("/echo", content=b'{"text":"a"}', headers={"Content-Type": name})
    assert answer.json() == {"text": "a"}


@pytest.mark.parametrize("name", ["text/plain", "application/x-www-form-urlencoded", "", "\xff", "json"])
async def test_a_body_that_is_called_otherwise_is_415(client: httpx.AsyncClient, name: str) -> None:
    headers = [(b"content-type", name.encode("latin-1"))]
    problem_of(await client.post("/echo", content=b'{"text":"a"}', headers=headers), 415)


async def test_a_wrong_method_is_405_and_says_what_is_allowed(client: httpx.AsyncClient) -> None:
    answer = await client.request("DELETE", "/echo")
    problem_of(answer, 405)
    assert answer.headers["allow"] == "POST"


async def test_an_unknown_path_and_a_bug_are_problem_documents_too(client: httpx.AsyncClient) -> None:
    problem_of(await client.get("/nowhere"), 404)
    problem_of(await client.get("/bug"), 500)


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.5", "zh"),
        ("zh;q=0.3, en;q=0.7", "en"),
        ("fr, en", "en"),
        ("fr", "zh"),
        ("", "zh"),
        ("en;q=0", "zh"),
        ("en;q=x", "en"),
        (";;;,,,=", "zh"),
        ("\xff\xfe", "zh"),
    ],
)
async def test_a_problem_is_told_in_the_language_that_is_wanted_most(
    client: httpx.AsyncClient, wanted: str, language: str
) -> None:
    headers = [(b"accept-language", wanted.encode("latin-1")), (b"content-type", b"application/json")]
    title = problem_of(await client.post("/echo", content=b'{"text": 7}', headers=headers), 422)["title"]
    assert title == {"zh": "请求内容不符合要求", "en": "the request does not fit its form"}[language]
