"""Whom a request was meant for, and which page sent it: a browser on this machine is nobody's way into a service.

A page on a foreign host can have any browser send requests here: under a name of its own that it points to this
address (DNS rebinding, found by ``Host``), or across origins (found by ``Origin`` and ``Sec-Fetch-Site``). No answer
bears a CORS header, so that no other page can read one.
"""

import re
from collections.abc import Iterable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.answers import problem

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
ANY_HOST = re.compile(r"/health/[a-z]+|/metrics")
"""What probes and scrapers ask for by address, and what shows no content."""
HTTP_PORT = 80
"""Which a browser leaves out of ``Host``."""
_PORT = re.compile(r":[0-9]{1,5}\Z")
FOREIGN_HOST = "这里没有这个主机 / this host is not here"
FOREIGN_PAGE = "不接受其他网站页面发来的请求 / what another site's page sends is not taken"


class Hosts:
    """Refuses what was sent to another host's name (421) or by another site's page (403), before anything is read."""

    def __init__(self, app: ASGIApp, hosts: str, port: int, origins: str, *, linked: bool = False) -> None:
        """``hosts``: names with commas, with or without a port; "" means the loopback names on ``port``, 0 for any one.
        ``origins``: other pages that may ask, with commas, such as ``https://example.org``. ``linked``: a link on any
        page, such as a mail read in a browser, may lead here."""
        own = "" if port in (0, HTTP_PORT) else f":{port}"
        self._app, self._origins = app, frozenset(filter(None, origins.split(",")))
        self._linked = linked
        self._hosts = frozenset(hosts.split(",") if hosts else [f"{name}{own}" for name in LOOPBACK])
        self._names = frozenset(host for host in self._hosts if not _PORT.search(host))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at three headers; pass the request on, or answer it."""
        app = self._app if scope["type"] != "http" else self._refused(scope) or self._app
        await app(scope, receive, send)

    def _refused(self, scope: Scope) -> Response | None:
        hosts, origins, sites = (
            _values(scope["headers"], name) for name in (b"host", b"origin", b"sec-fetch-site")
        )
        if not (self._is_ours(hosts) or ANY_HOST.fullmatch(scope["path"])):
            rule = "QINQING_HTTP_HOSTS names the hosts that are answered"
            return problem(421, FOREIGN_HOST, errors=[{"field": "Host", "rule": rule}])
        if origins and not self._may_ask(origins, hosts):
            rule = "QINQING_HTTP_ORIGINS names the pages that may ask"
            return problem(403, FOREIGN_PAGE, errors=[{"field": "Origin", "rule": rule}])
        if not origins and "cross-site" in sites and not (self._linked and _is_link(scope)):
            return problem(
                403, FOREIGN_PAGE, errors=[{"field": "Sec-Fetch-Site", "rule": "same-origin or none"}]
            )
        return None

    def _is_ours(self, hosts: list[str]) -> bool:
        """Whether there is one host and it is allowed, with its port or whatever its port."""
        return len(hosts) == 1 and (hosts[0] in self._hosts or _PORT.sub("", hosts[0]) in self._names)

    def _may_ask(self, origins: list[str], hosts: list[str]) -> bool:
        """Whether it is one origin: that of our own pages, such as /docs, or an allowed one."""
        own = {f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts}
        return len(origins) == 1 and origins[0] in own | self._origins


def _is_link(scope: Scope) -> bool:
    """Whether somebody clicked on a link: nothing is sent, and no other page reads what is shown."""
    mode, target = (_values(scope["headers"], name) for name in (b"sec-fetch-mode", b"sec-fetch-dest"))
    return scope["method"] == "GET" and mode == ["navigate"] and target == ["document"]


def _values(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> list[str]:
    """Every value of one header, in small letters, as names of hosts and sites compare."""
    return [value.decode("latin-1").lower() for name, value in headers if name == wanted]
