"""What fires beside a running system reaches the operator's mailbox and a webhook, and its end does too, each once."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from bench.parts import running
from services.cli.watch import CREDENTIALS, RULES
from tests.operations.test_watched import qinqing
from tests.serving import served

pytestmark = [
    pytest.mark.prove,
    pytest.mark.integration,
    pytest.mark.skipif(
        not shutil.which("prometheus"),
        reason="no Prometheus here: apt-get install prometheus prometheus-alertmanager",
    ),
]
ALERT, OPERATOR, PART = "QinqingProcessIsAway", "yan@huzhou.example", "feedback"
PATIENCE_SECONDS, ENDS_SECONDS = 120.0, 60.0


class Webhook:
    """A program of somebody's own behind an address: what was posted there, of one alert."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        for alert in json.loads(body)["alerts"]:
            if alert["labels"]["alertname"] == ALERT:
                self.came.put_nowait({"status": alert["status"], "job": alert["labels"]["job"]})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def next(self) -> dict[str, Any]:
        """What is posted next."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.came.get()


def impatient_rules(folder: Path) -> Path:
    """Ours, which wait for five seconds where these wait for minutes."""
    folder.mkdir()
    text = (RULES / "alerts.yml").read_text("utf-8")
    (folder / "alerts.yml").write_text(re.sub(r"for: \d+m", "for: 5s", text), "utf-8")
    return folder


@asynccontextmanager
async def watched(data: Path, *options: str) -> AsyncIterator[None]:
    """`qinqing watch` beside the system of this folder, as a user starts it and ends it."""
    command = qinqing("watch", "--json", "--data", str(data), *options)
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert json.loads(await process.stdout.readline())["alertmanager"]
        yield
    finally:
        process.terminate()
        async with asyncio.timeout(ENDS_SECONDS):
            await process.wait()


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A process that stands still, and so answers nobody."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def mails(data: Path, subject: str) -> list[EmailMessage]:
    """What the operator has in the embedded mailbox under this subject."""
    files = sorted((data / "mailbox").glob("*.eml"))
    found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    return [mail for mail in found if (mail["To"], mail["Subject"]) == (OPERATOR, subject)]


async def mailed(data: Path, subject: str) -> str:
    """The text of the one mail under this subject, once it has come."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := mails(data, subject)):
            await asyncio.sleep(0.2)  # the mailbox is files of another program
    (mail,) = found
    return str(mail.get_content())


async def test_a_process_that_is_away_is_told_to_the_operator_and_to_a_webhook_and_so_is_that_it_is_back(
    tmp_path: Path,
) -> None:
    data, webhook = tmp_path / "data", Webhook()
    rules = str(impatient_rules(tmp_path / "rules"))
    async with served(webhook, lifespan="off", log_config=None) as url:
        with running(data) as system:
            pid = next(part.pid for part in system.parts if part.name == PART)
            assert pid is not None
            async with watched(data, "--webhook", f"{url}/on-call", "--rules", rules):
                credentials = data / "watch" / CREDENTIALS
                assert credentials.stat().st_mode & 0o777 == 0o600
                with frozen(pid):
                    assert await webhook.next() == {"status": "firing", "job": PART}
                    said = await mailed(data, f"系统告警：{ALERT}")
                assert f"{PART} does not answer" in said and "#runbook-a-service-was-killed" in said
                assert await webhook.next() == {"status": "resolved", "job": PART}
                assert f"{PART} does not answer" in await mailed(data, f"系统告警已解除：{ALERT}")
                assert len(mails(data, f"系统告警：{ALERT}")) == 1
            assert not credentials.exists()
    assert webhook.came.empty()
