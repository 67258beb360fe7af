"""The services that own reference data, stood in for: they answer GET /reference, and take what is published."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from shared.contract.subjects import KINDS, subject_of
from tests.unit.reference import JURISDICTION, builtin_events

NOW = datetime(2024, 1, 10, tzinfo=UTC)
"""Past for every run of the tests: what is published here is in force for a command that reads the clock."""
REFUSED = {"title": "没有这个部门 / no such department", "status": 422, "detail": "not in the directory: 'x'"}


class Owner:
    """One owner behind an httpx client; ``asked`` is every command it got, as (path, body, headers)."""

    def __init__(self, reading: int = 200, posting: int = 200) -> None:
        """The HTTP status with which it answers who reads, and who publishes."""
        self.reading, self.posting = reading, posting
        self.versions: list[dict[str, Any]] = [
            {
                "subject": subject,
                "type": event.type,
                "version": event.version,
                "in_force_from": event.in_force_from.isoformat(),
                "data": event.model_dump(mode="json"),
            }
            for subject, event in builtin_events()
        ]
        self.asked: list[tuple[str, dict[str, Any], httpx.Headers]] = []
        self.client = self.new_client()

    def new_client(self, auth: httpx.Auth | None = None) -> httpx.Client:
        """A client of this owner."""
        transport = httpx.MockTransport(self._answer)
        return httpx.Client(base_url="http://owner", transport=transport, auth=auth)

    def publish(
        self, subject: str, data: dict[str, Any], version: str, in_force_from: datetime = NOW
    ) -> None:
        """A further version of one aggregate, made of the last one and what is new in it."""
        last = next(one for one in reversed(self.versions) if one["subject"] == subject)
        more = {"version": version, "in_force_from": in_force_from.isoformat()}
        self.versions.append({**last, **more, "data": {**last["data"], **data, **more}})

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(self.reading, json=self.versions)
        body = json.loads(request.content)
        self.asked.append((request.url.path, body, request.headers))
        if self.posting != 200:
            return httpx.Response(self.posting, json=REFUSED)
        path, id = request.url.path.split("/")[1:3]
        kind = next(name for name, known in KINDS.items() if known.path == path)
        version = body["policy"]["version"] if kind == "policy" else f"v{len(self.asked)}"
        at = (NOW + timedelta(seconds=len(self.asked))).isoformat()
        data = {"version": version, "in_force_from": at, "by": "test", **body}
        published = {"subject": subject_of(kind, id), "type": "x", "version": version, "in_force_from": at}
        self.versions.append({**published, "data": data})
        return httpx.Response(200, json={"status": "done", "version": version, "in_force_from": at})


__all__ = ["JURISDICTION", "NOW", "REFUSED", "Owner"]
