"""Hands notices in over HTTP: to the robot of a DingTalk or WeCom group, or signed to a webhook.

Both robots answer 200 with an ``errcode``, so that is what counts. As their makers document them (DingTalk: custom
robots; WeCom: group robots); no real robot was ever called from here.
"""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from shared.sending import Away, Later, Refused
from shared.ways import Way, WayKind

TIMEOUT_SECONDS, CONNECT_SECONDS = 20.0, 5.0
"""How long a whole answer is waited for, and a connection."""
MOST_ANSWER_BYTES = 65_536
MOST_BYTES = {WayKind.DINGTALK: 18_000, WayKind.WECOM: 2_000}
"""Of the text of one message: DingTalk takes 20,000 bytes in all, WeCom 2,048 of text."""
REFUSED_FOR_GOOD = {
    WayKind.DINGTALK: (
        300005, 400013, 400101, 400102, 400105, 400106,  # no such token, group or robot, or it was switched off
        430101, 430102, 430103, 430104,  # unsafe links, or words that it does not let through
    ),
    WayKind.WECOM: (93000, 93004, 93008, 40008, 40058, 44004, 45002),  # no such robot, or nothing it could show
}  # fmt: skip
"""Codes after which trying again is no use. All others, also those not known here, are tried again: too many messages
a minute (DingTalk 130101 and 410100, WeCom 45009), a busy system (-1), a signature or a word that the operator can mend
(DingTalk 310000).
"""
REFUSED_STATUS = (400, 405, 406, 410, 413, 414, 415, 422, 431)
"""The same of a webhook. An address or a secret that is wrong (401, 403, 404) can be mended, so it is tried again."""


class Line(NamedTuple):
    """One thing that somebody is told of."""

    issue: str
    number: str
    about: str
    text_zh: str
    text_en: str
    url: str
    """Where to look; empty where the deployment says no address."""


class Post(NamedTuple):
    """One notice, of one thing or of many; the same one sent again has the same id."""

    id: str
    to: str
    """The official's account."""
    name: str
    lines: Sequence[Line]


class Poster:
    """Sends posts to one way, one at a time; connections are kept as long as there are more."""

    def __init__(self, way: Way, *, clock: Callable[[], float] = time.time) -> None:
        self._way, self._clock = way, clock
        self._client: httpx.AsyncClient | None = None

    async def connect(self) -> None:
        """Reach the host, whatever it answers; raises Away."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
                trust_env=False,
                proxy=self._way.proxy or None,
                follow_redirects=False,
            )
        parts = urlsplit(self._way.address)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._client.head(f"{parts.scheme}://{parts.netloc}/")
        except (httpx.TransportError, TimeoutError) as error:
            await self.close()
            raise Away(type(error).__name__) from None

    async def send(self, post: Post) -> None:
        """Hand in one post: when this returns it was taken. Raises Away, Later or Refused."""
        if self._client is None:
            raise Away("not connected")
        asked = request_of(self._way, post, self._clock())
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                status, answer = await self._answer(self._client, asked)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise Away(type(error).__name__) from None
        except (httpx.HTTPError, TimeoutError) as error:
            raise Later(type(error).__name__) from None
        judge(self._way.kind, status, answer)

    async def close(self) -> None:
        """There is nothing more to send."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(httpx.HTTPError):
                await client.aclose()

    async def _answer(self, client: httpx.AsyncClient, asked: "Asked") -> tuple[int, bytes]:
        """Status and body; of a body that is too long the beginning."""
        async with client.stream(
            "POST", asked.url, params=asked.query, content=asked.body, headers=asked.headers
        ) as response:
            answer = b""
            async for part in response.aiter_bytes():
                answer += part
                if len(answer) >= MOST_ANSWER_BYTES:
                    break
            return response.status_code, answer


class Asked(NamedTuple):
    """One request."""

    url: str
    query: Mapping[str, str]
    body: bytes
    headers: Mapping[str, str]


def request_of(way: Way, post: Post, now: float) -> Asked:
    """What is sent to a way; ``now``: seconds since 1970, which stand in what is signed."""
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Qinqing"}
    token, secret = way.token.get_secret_value(), way.secret.get_secret_value()
    match way.kind:
        case WayKind.DINGTALK:
            query = {"access_token": token, **(_signed_query(secret, now) if secret else {})}
            text = text_of(post, MOST_BYTES[way.kind])
            body = _json({"msgtype": "text", "text": {"content": text}})
            return Asked(f"{way.address}/robot/send", query, body, headers)
        case WayKind.WECOM:
            text = text_of(post, MOST_BYTES[way.kind])
            body = _json({"msgtype": "text", "text": {"content": text}})
            return Asked(f"{way.address}/cgi-bin/webhook/send", {"key": token}, body, headers)
        case WayKind.WEBHOOK:
            items = [dict(line._asdict()) for line in post.lines]
            body = _json({"id": post.id, "to": post.to, "name": post.name, "items": items})
            signed = {"Qinqing-Id": post.id, "Qinqing-Signature": signature(secret, body, int(now))}
            return Asked(way.address, {}, body, {**headers, **signed})


def text_of(post: Post, most_bytes: int) -> str:
    """What a group reads: whom it is for, and a line for each thing, as many as fit."""
    head = f"亲清直通 Qinqing · {post.name}"
    left = most_bytes - len(head.encode()) - 100
    lines = []
    for line in post.lines:
        written = f"\n· {line.text_zh} {line.url}".rstrip()
        if (left := left - len(written.encode())) < 0:
            break
        lines.append(written)
    more = len(post.lines) - len(lines)
    return head + "".join(lines) + (f"\n· 另有 {more} 项，请登录查看 / {more} more" if more else "")


def signature(secret: str, body: bytes, at: int) -> str:
    """``t=<seconds since 1970>,v1=<hex of HMAC-SHA256 over "<t>.<body>">``: of a request sent again, a new one."""
    return f"t={at},v1={hmac(secret.encode(), f'{at}.'.encode() + body, 'sha256').hex()}"


def is_signed(secret: str, body: bytes, header: str, now: float, *, seconds: float = 300) -> bool:
    """What a receiver checks: signed with this secret, and lately, so that nobody sends it once more."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    at = parts.get("t", "")
    if not (at.isascii() and at.isdecimal()) or abs(now - int(at)) > seconds:
        return False
    return compare_digest(signature(secret, body, int(at)), header)


def judge(kind: WayKind, status: int, answer: bytes) -> None:
    """Return where it was taken. Raises Later or Refused, with the code and none of the far side's words."""
    if kind is WayKind.WEBHOOK:
        if 200 <= status < 300:
            return
        raise (Refused if status in REFUSED_STATUS else Later)(f"status {status}")
    code = _errcode(answer)
    if code is None:
        raise Later(f"status {status}, no errcode")
    if code != 0:
        raise (Refused if code in REFUSED_FOR_GOOD[kind] else Later)(f"errcode {code}")


def _errcode(answer: bytes) -> int | None:
    with suppress(ValueError):
        said: Any = json.loads(answer)
        code = said.get("errcode") if isinstance(said, dict) else None
        return code if isinstance(code, int) and not isinstance(code, bool) else None
    return None


def _signed_query(secret: str, now: float) -> dict[str, str]:
    """How a DingTalk robot wants it: HMAC-SHA256, with its secret, over milliseconds, a line end and that secret."""
    timestamp = str(int(now * 1000))
    signed = hmac(secret.encode(), f"{timestamp}\n{secret}".encode(), sha256)
    return {"timestamp": timestamp, "sign": b64encode(signed).decode()}


def _json(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
