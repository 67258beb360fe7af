"""Where a request comes from: this machine is answered as ever, another one only once its browser brought a code.

The socket says where from, and nothing that a request brings along. Whoever has not joined is answered one plain page,
whatever was asked, without a file or a style: that page is all there is.
"""

from collections.abc import Mapping
from html import escape
from ipaddress import IPv6Network, ip_address

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.portal.joining import CODE_CHARS, Joining, WrongCode
from shared.throttle import Throttle

COOKIE = "qinqing_lan"
OF_ONE, OF_ALL, WINDOW_SECONDS = 8, 10_000, 60.0
"""So many wrong tries in so many seconds: then nobody may try, from that address, and from anywhere. Fewer than intake
bears at one issue, so that from one address nobody shuts a link for who has it."""
PATH = "/join"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
SAID = {
    "": (
        "这台手机或电脑还没有加入",
        "请用相机扫描主机屏幕上的二维码，或在下面输入屏幕上的验证码。",
        "This phone or computer has not joined yet",
        "Scan the QR code on the screen of the machine it runs on, or type the code that stands there.",
    ),
    "wrong": (
        "验证码不对",
        "请再扫一次主机屏幕上的二维码，或在下面重新输入屏幕上的验证码。",
        "This code is not right",
        "Scan the QR code on the screen again, or type the code that stands there.",
    ),
    "used": (
        "验证码已经用过",
        "每个验证码只能用一次。请打开主机上的“让手机加入”页面，扫描那里新的二维码，或在下面输入新的验证码。",
        "This code was used already",
        "Each code is good once. On the machine it runs on, open the page “Let a phone join”, and scan the new QR "
        "code on that screen, or type the new code.",
    ),
    "often": (
        "输错的次数太多",
        "从这个网络地址输错了太多次。请等一分钟，再扫描主机屏幕上的二维码，或输入屏幕上的验证码。已经加入的手机和电脑不受影响。",
        "Too many wrong codes",
        "Too many wrong codes came from this address. Wait a minute, then scan the QR code on the screen, or type the "
        "code that stands there. Whoever has joined already is not affected.",
    ),
}
"""Why somebody is not let in, and what to do: in Chinese, then in English."""
_PAGE = """<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{0} / {2}</title></head>
<body>
<main>
<h1>{0}</h1>
<p>{1}</p>
<div lang="en"><h2>{2}</h2>
<p>{3}</p></div>
<form method="get" action="{path}">
<p><label for="code">验证码 / <span lang="en">code</span></label><br>
<input id="code" name="code" size="{chars}" maxlength="40" autocomplete="off" autocapitalize="characters" required>
<button>加入 / <span lang="en">join</span></button></p>
</form>
</main>
</body>
</html>
"""


def is_here(scope: Mapping[str, object]) -> bool:
    """Whether the socket's other end is on this machine."""
    client = scope.get("client")
    if not isinstance(client, list | tuple) or not client:
        return False
    try:
        return ip_address(str(client[0])).is_loopback
    except ValueError:
        return False


def came_from(scope: Mapping[str, object]) -> str:
    """The socket's other end, by which tries are counted: of IPv6 the network, for one machine has all of it."""
    client = scope.get("client")
    name = str(client[0]) if isinstance(client, list | tuple) and client else ""
    try:
        address = ip_address(name)
    except ValueError:
        return name
    return name if address.version == 4 else str(IPv6Network((int(address) >> 64 << 64, 64)))


def wrong_tries() -> Throttle:
    """Counts what is tried and wrong; whoever comes with what is right is never counted."""
    return Throttle(OF_ONE, OF_ALL, WINDOW_SECONDS)


class Network:
    """Lets requests of this machine pass, and those of browsers that joined; answers every other one itself."""

    def __init__(self, app: ASGIApp, joining: Joining, tries: Throttle) -> None:
        self._app, self._joining, self._tries = app, joining, tries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the socket's other end, then at one cookie; nothing else is read."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})  # no page of ours has one
        elif not (is_here(scope) or self._has_joined(Request(scope))):
            await self._answer(Request(scope))(scope, receive, send)
        elif scope["path"] == PATH:
            await RedirectResponse("/", 303)(scope, receive, send)  # who is in uses no code up
        else:
            await self._app(scope, receive, send)

    def _has_joined(self, request: Request) -> bool:
        return self._joining.has_joined(request.cookies.get(COOKIE, ""))

    def _answer(self, request: Request) -> Response:
        """Let this browser in where it brings the code; else the page that says why not."""
        if request.url.path != PATH or "code" not in request.query_params or not _is_opened(request):
            return _page("")
        address = came_from(request.scope)
        if wait := self._tries.wait_seconds(address):
            return _page("often", 429, {"Retry-After": str(wait)})
        try:
            id = self._joining.join(request.query_params["code"])
        except WrongCode as error:
            if not error.used:  # nobody guesses one that was good
                self._tries.begin(address)
            return _page(str(error))
        response = RedirectResponse("/", 303, headers=HEADERS)
        response.set_cookie(COOKIE, id, httponly=True, samesite="lax")
        return response


def _is_opened(request: Request) -> bool:
    """Whether somebody opens it, and no program looks ahead: that would use the code up for nobody."""
    looks_ahead = {request.headers.get(name, "") for name in ("purpose", "sec-purpose", "x-purpose")}
    return request.method == "GET" and not any("pre" in value for value in looks_ahead)


def _page(why: str, status: int = 403, more: Mapping[str, str] | None = None) -> Response:
    words = [escape(line) for line in SAID[why]]
    page = _PAGE.format(*words, path=PATH, chars=CODE_CHARS + 2)
    return HTMLResponse(page, status, headers={**HEADERS, **(more or {})})
