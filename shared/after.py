"""Nobody is told that what they just did is unknown: a command may say what its sender has seen, and waits for it.

``Qinqing-After: /huzhou/intake=5`` is how an answer named what its command published (``published``). Whoever takes it
along to another service is asked nothing before the aggregate there has read as far (bus.md, After what).
"""

import re
from collections.abc import Iterable

from fastapi import Request
from fastapi.exceptions import RequestValidationError

from shared.bus.gateway import Gateway
from shared.contract.envelope import read_seen
from shared.contract.subjects import KINDS, subject_of

HEADER = "Qinqing-After"
MOST_CHARS = 1000
_POSITION = r"/[a-z0-9-]+/[a-z]+=[0-9]{1,16}"
POSITIONS = rf"^{_POSITION}(,{_POSITION})*$"
"""Events that the sender has seen, as the last number of each source."""


class Behind(Exception):
    """What the sender has seen has not come here yet; nothing was asked, and the same request may be sent again."""


class After:
    """Lets a command wait until the aggregate in its path has read what its sender has seen."""

    def __init__(self, gateway: Gateway, kinds: Iterable[str], seconds: float = 2.0) -> None:
        self._gateway, self._seconds = gateway, seconds
        self._kinds = {KINDS[kind].path: kind for kind in kinds}

    async def __call__(self, request: Request) -> None:
        """Wait; raises Behind after ``seconds``."""
        kind, after = self._kinds.get(request.url.path.split("/")[1]), request.headers.get(HEADER)
        if after is None or kind is None or request.method != "POST" or "id" not in request.path_params:
            return
        if len(after) > MOST_CHARS or not re.match(POSITIONS, after):
            wrong = {"loc": ("header", HEADER), "type": "string_pattern_mismatch", "msg": POSITIONS}
            raise RequestValidationError([{**wrong, "ctx": {"pattern": POSITIONS}}])
        subject = subject_of(kind, request.path_params["id"])
        if not await self._gateway.has_read(subject, read_seen(after), self._seconds):
            raise Behind(subject)
