"""The files a page needs beside itself, served from memory under names that change with their content.

They are committed, with their licences; ``static/assets.lock`` names each with its hash and where it came from.
"""

import gzip
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

STATIC = Path(__file__).with_name("static")
PLACE = "/static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
HASH_CHARS = 12
FOR_EVER = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """One file as it is sent."""

    content: bytes
    packed: bytes
    media_type: str


class Assets:
    """All of them, by the address under which a page names them."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._by_address: dict[str, Asset] = {}
        self._addresses: dict[str, str] = {}
        for file in sorted(folder.iterdir()):
            if file.suffix in TYPES:
                content = file.read_bytes()
                address = f"{file.stem}.{sha256(content).hexdigest()[:HASH_CHARS]}{file.suffix}"
                self._addresses[file.name] = f"{PLACE}/{address}"
                packed = gzip.compress(content, 9, mtime=0)
                self._by_address[address] = Asset(content, packed, TYPES[file.suffix])

    def address(self, name: str) -> str:
        """Where ``theme.css`` is got from."""
        return self._addresses[name]

    def routes(self) -> APIRouter:
        """``GET /static/<name>.<hash>.<ending>``; what is not there any more is 404."""
        router = APIRouter(include_in_schema=False)

        @router.get(f"{PLACE}/{{name}}")
        async def asset(name: str, request: Request) -> Response:
            found = self._by_address.get(name)
            if found is None:
                return Response(status_code=404)
            headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding"}
            if "gzip" not in request.headers.get("accept-encoding", ""):
                return Response(found.content, media_type=found.media_type, headers=headers)
            headers["Content-Encoding"] = "gzip"
            return Response(found.packed, media_type=found.media_type, headers=headers)

        return router
