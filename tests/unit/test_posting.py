"""Robots and webhooks on loopback: what goes out, and what their answers mean; no real robot is called."""

import hashlib
import hmac
import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from services.cli.embedded.ports import HOST
from shared.posting import (
    MOST_ANSWER_BYTES,
    MOST_BYTES,
    REFUSED_FOR_GOOD,
    REFUSED_STATUS,
    Line,
    Post,
    Poster,
    is_signed,
    text_of,
)
from shared.sending import Away, Later, Refused
from shared.ways import WayKind
from tests.far_side import FINE, NOW, SECRET, TOKEN, Far


def line(number: int = 1) -> Line:
    return Line(
        f"issue-{number}",
        f"HZ-{number}",
        "assigned",
        f"问题 HZ-{number} 已交办贵部门。",
        f"Issue HZ-{number} was assigned.",
        f"http://example.com/issues/issue-{number}",
    )


POST = Post("0123456789abcdef", "li", "李诚", (line(),))


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    made = await Far().stand()
    yield made
    made.goes_on.set()
    await made.go()


async def sent(poster: Poster, post: Post = POST) -> None:
    """Connect, hand in one post, and say goodbye."""
    await poster.connect()
    try:
        await poster.send(post)
    finally:
        await poster.close()


async def test_a_dingtalk_robot_gets_text_with_its_token_and_a_signature_of_the_time(far: Far) -> None:
    await sent(far.poster(WayKind.DINGTALK))
    ((target, headers, body),) = far.posts
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    timestamp = str(int(NOW * 1000))
    signed = hmac.new(SECRET.encode(), f"{timestamp}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert parts.path == "/robot/send"
    assert query == {"access_token": TOKEN, "timestamp": timestamp, "sign": b64encode(signed).decode()}
    said = json.loads(body)
    assert headers["content-type"].startswith("application/json") and said["msgtype"] == "text"
    for part in ("李诚", "HZ-1", "http://example.com/issues/issue-1"):
        assert part in said["text"]["content"]


async def test_a_dingtalk_robot_that_is_not_signed_to_gets_its_token_alone(far: Far) -> None:
    await sent(far.poster(WayKind.DINGTALK, secret=""))
    ((target, _, _),) = far.posts
    assert set(parse_qs(urlsplit(target).query)) == {"access_token"}


async def test_a_wecom_robot_gets_text_under_its_key(far: Far) -> None:
    await sent(far.poster(WayKind.WECOM))
    ((target, _, body),) = far.posts
    assert target == f"/cgi-bin/webhook/send?key={TOKEN}"
    assert "HZ-1" in json.loads(body)["text"]["content"]


async def test_a_webhook_gets_what_a_program_reads_signed_over_the_time_and_the_body(far: Far) -> None:
    far.answer, far.status = b"", "204 No Content"
    await sent(far.poster(WayKind.WEBHOOK, url=f"http://{HOST}:{far.port}/hooks/qinqing"))
    ((target, headers, body),) = far.posts
    assert target == "/hooks/qinqing"
    header = headers["qinqing-signature"]
    signed = hmac.new(SECRET.encode(), f"{int(NOW)}.".encode() + body, hashlib.sha256).hexdigest()
    assert header == f"t={int(NOW)},v1={signed}"
    assert headers["qinqing-id"] == POST.id == json.loads(body)["id"]
    assert json.loads(body)["items"] == [dict(line()._asdict())]
    assert SECRET.encode() not in body
    assert is_signed(SECRET, body, header, NOW + 299)
    assert not is_signed(SECRET, body, header, NOW + 301), "too old: somebody sends it once more"
    assert not is_signed(SECRET, body + b" ", header, NOW)
    assert not is_signed("another", body, header, NOW)
    for wrong in ("", "t=,v1=", f"t={int(NOW)}", f"v1={signed}", "t=²,v1=x"):
        assert not is_signed(SECRET, body, wrong, NOW)


@pytest.mark.parametrize("kind", [WayKind.DINGTALK, WayKind.WECOM])
async def test_a_robot_takes_nothing_with_an_errcode_though_the_status_is_200(
    far: Far, kind: WayKind
) -> None:
    poster = far.poster(kind)
    for code in REFUSED_FOR_GOOD[kind]:
        far.answer = json.dumps({"errcode": code, "errmsg": f"no {TOKEN}"}).encode()
        with pytest.raises(Refused, match=f"^errcode {code}$"):
            await sent(poster)
    for code in (-1, 130101, 410100, 45009, 310000, 999_999):
        far.answer = json.dumps({"errcode": code, "errmsg": "later"}).encode()
        with pytest.raises(Later, match=f"^errcode {code}$"):
            await sent(poster)


@pytest.mark.parametrize("kind", [WayKind.DINGTALK, WayKind.WECOM])
@pytest.mark.parametrize(
    "answer", [b"", b"<html>busy</html>", b"[]", b'{"errcode":"0"}', b'{"errcode":false}', b"\xff\xfe"]
)
async def test_an_answer_without_an_errcode_is_none(far: Far, kind: WayKind, answer: bytes) -> None:
    far.answer = answer
    with pytest.raises(Later):
        await sent(far.poster(kind))


@pytest.mark.parametrize(
    "status", [200, 202, 204, *REFUSED_STATUS, 301, 401, 403, 404, 408, 409, 425, 429, 500, 503]
)
async def test_of_a_webhook_the_status_says_whether_it_was_taken(far: Far, status: int) -> None:
    far.status, far.answer = f"{status} So", b""
    poster = far.poster(WayKind.WEBHOOK)
    if status < 300:
        await sent(poster)
        return
    with pytest.raises(Refused if status in REFUSED_STATUS else Later, match=f"^status {status}$"):
        await sent(poster)


async def test_a_far_side_that_is_away_is_away_and_comes_again(far: Far) -> None:
    await far.go()
    poster = far.poster(WayKind.WEBHOOK)
    with pytest.raises(Away, match="ConnectError"):
        await poster.connect()
    with pytest.raises(Away, match="not connected"):
        await poster.send(POST)
    await far.stand()
    await sent(poster)
    assert len(far.posts) == 1


async def test_a_far_side_that_hangs_up_did_not_say_whether_it_was_taken(far: Far) -> None:
    far.hangs_up = True
    with pytest.raises(Later, match="RemoteProtocolError"):
        await sent(far.poster(WayKind.WECOM))
    assert len(far.posts) == 1


async def test_a_slow_far_side_did_not_say_whether_it_was_taken(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.posting.TIMEOUT_SECONDS", 0.2)
    far.goes_on.clear()
    with pytest.raises(Later):
        await sent(far.poster(WayKind.DINGTALK))
    assert len(far.posts) == 1


async def test_of_an_answer_without_end_the_beginning_is_read(far: Far) -> None:
    far.answer = b" " * (MOST_ANSWER_BYTES * 4) + FINE
    with pytest.raises(Later, match="no errcode"):
        await sent(far.poster(WayKind.DINGTALK))


@pytest.mark.parametrize("kind", list(WayKind))
async def test_no_secret_is_logged_and_none_is_in_what_is_raised(
    far: Far, kind: WayKind, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    far.status, far.answer = "500 Wrong", TOKEN.encode() + SECRET.encode()
    poster = far.poster(kind)
    with pytest.raises(Later) as raised:
        await sent(poster)
    told = f"{raised.value!r} {raised.value.__cause__!r} {poster!r} {vars(poster)!r} {caplog.text}"
    assert TOKEN not in told and SECRET not in told


@pytest.mark.parametrize("kind", [WayKind.DINGTALK, WayKind.WECOM])
def test_a_group_reads_as_much_of_a_long_digest_as_fits_and_how_much_more_there_is(kind: WayKind) -> None:
    most = MOST_BYTES[kind]
    lines = tuple(line(number) for number in range(400))
    text = text_of(POST._replace(lines=lines), most)
    shown = text.count("\n· 问题")
    assert len(text.encode()) <= most
    assert 10 < shown < 400 and f"另有 {400 - shown} 项" in text
    assert "另有" not in text_of(POST, most)
