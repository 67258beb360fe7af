"""Notices by mail on real parts: the mail server is away, slow, goes and comes again, and each mail is there once."""

import asyncio
import email
import email.policy
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.cli.embedded import Parts, free_ports
from services.cli.embedded.ports import HOST
from services.cli.mailbox import Mailbox, serve
from shared.bus.gateway import Request, sealed
from shared.posting import is_signed
from tests.contacts import LI
from tests.far_side import SECRET, Far
from tests.integration.broker import PATIENCE_SECONDS, own_namespace, put, reader
from tests.integration.city import City, city
from tests.said import issue_of, raiser, registration
from tests.unit.reference import JURISDICTION

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

HANDLER, LEADER, OFFICE, HERSELF = (
    "handler:housing/li",
    "department_leader:housing/wu",
    "office:chen",
    "entrepreneur:li",
)


class Box:
    """The embedded mailbox in this process, which comes and goes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_ports(1)[0]
        Mailbox(folder)
        self.held, self.answers = asyncio.Queue[bytes](), asyncio.Event()

    @asynccontextmanager
    async def there(self) -> AsyncIterator[None]:
        serving = asyncio.create_task(serve(self.port, self.folder))
        try:
            yield
        finally:
            serving.cancel()
            await asyncio.wait([serving])

    def holds_its_answers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From here on a mail that came whole is neither answered nor kept, until ``answers`` is set."""
        keeps = Mailbox.handle_DATA

        async def hold(mailbox: Mailbox, server: SMTP, session: Session, envelope: Envelope) -> str:
            self.held.put_nowait(bytes(envelope.content or b""))
            await self.answers.wait()
            return await keeps(mailbox, server, session, envelope)

        monkeypatch.setattr(Mailbox, "handle_DATA", hold)

    def mails(self) -> list[EmailMessage]:
        """What came, the oldest first."""
        raws = [file.read_bytes() for file in sorted(self.folder.glob("*.eml"))]
        return [email.message_from_bytes(raw, EmailMessage, policy=email.policy.default) for raw in raws]

    async def gets(self, count: int) -> list[EmailMessage]:
        """Wait until there are so many."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(self.mails()) < count:
                await asyncio.sleep(0.05)  # a folder tells nobody
        return self.mails()


async def replied(four: City) -> str:
    """An issue of Li's, whose draft came back once and whose reply is out; returns its id."""
    id, assignment = await four.assigned("notices")
    held = {"assignment": assignment}
    await four.done("dispatch", f"/issues/{id}/sign", held, actor=HANDLER)
    draft = {**held, "outcome": "solved", "text": "已修好。"}
    await four.done("dispatch", f"/issues/{id}/draft", draft, actor=HANDLER)
    back = {**await four.shown(id), "reason": "请写明日期"}
    await four.done("dispatch", f"/issues/{id}/send-back", back, actor=LEADER)
    await four.done("dispatch", f"/issues/{id}/draft", {**draft, "text": "三月已修好。"}, actor=HANDLER)
    for verb, actor in (("sign-off", LEADER), ("check", OFFICE), ("release", OFFICE)):
        await four.done("dispatch", f"/issues/{id}/{verb}", await four.shown(id), actor=actor)
    await four.reaches("intake", id, "answered")
    return id


async def climbs(embedded: Parts, namespace: str, key: str) -> None:
    """Of what nobody answered each step comes, whoever can be told of it."""
    id, long_ago = issue_of(JURISDICTION, "li", key), datetime.now(UTC) - timedelta(days=60)
    request = Request(id, registration(id, "路灯", "坏了"), "http", raiser("li"), key)
    registers = sealed(request, f"/{JURISDICTION}/intake")
    at_ms = int(long_ago.timestamp() * 1000)
    await put(embedded.kafka_bootstrap, namespace, [registers], timestamp_ms=at_ms)
    async with reader(embedded.kafka_bootstrap, namespace, "supervision.events") as read:
        await read.until(lambda _: [e for e in read.events(id, "ladder.raised.v1") if e.data["step"] == 6])
        raised = sorted(read.events(id, "ladder.raised.v1"), key=lambda event: event.seq)
    assert [event.data["step"] for event in raised] == [1, 2, 3, 4, 5, 6]


async def waits(four: City, service: str) -> None:
    """Wait until one notice waits there."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await four.metric(service, "qinqing_waiting_notices_records"):
            await asyncio.sleep(0.05)


async def test_what_waits_while_the_mail_server_is_away_or_slow_is_sent_once_also_after_a_restart(
    embedded: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.notifying.LONGEST_WAIT", 0.2)
    monkeypatch.setattr("shared.notifying.FIRST_WAIT", 0.1)
    monkeypatch.setattr(
        "shared.domain.notices._opens_at", lambda context: context.now
    )  # offices are open now
    monkeypatch.setattr("shared.mail.TIMEOUT_SECONDS", 10 * PATIENCE_SECONDS)  # slow, not away
    box, namespace = Box(tmp_path / "mailbox"), own_namespace("notices")
    mail = {"smtp_host": HOST, "smtp_port": box.port, "smtp_from": "qinqing@huzhou.example"}
    mail |= {"staff_mail_domain": "huzhou.example", "portal_url": "http://example.com"}
    bootstrap, store = embedded.kafka_bootstrap, embedded.store_urls["intake"]
    async with city(bootstrap, store, namespace, **mail) as four:
        await four.done("intake", "/people", LI._asdict(), actor=HERSELF)
        official = {"name": "李诚", "roles": ["handler"], "department": "housing"}
        await four.done("dispatch", "/staff/li/publish", official, actor="administrator:hu")
        id = await replied(four)
        await waits(four, "intake")
        await waits(four, "dispatch")
        await four.stop("intake")
        await four.start("intake")
        await waits(four, "intake")
        await climbs(embedded, namespace, "late")
        box.holds_its_answers(monkeypatch)
        async with box.there():
            async with asyncio.timeout(PATIENCE_SECONDS):
                await box.held.get(), await box.held.get()
            await climbs(embedded, namespace, "later")
            assert box.mails() == []
            box.answers.set()
            mails = {str(mail["To"]): mail for mail in await box.gets(2)}
        assert set(mails) == {LI.mail, "li@huzhou.example"}
        for got in mails.values():
            assert f"http://example.com/issues/{id}" in got.get_content()
        notice = str(mails[LI.mail]["Message-ID"]).strip("<>").partition("@")[0]
        async with reader(bootstrap, namespace, "intake.events") as read:
            await read.event(f"notice:{notice}", "notice.sent.v1")
            (sent,) = read.events(f"notice:{notice}")
        assert (sent.data["issue"], sent.data["about"], sent.data["tries"]) == (id, "rating_invited", 1)
        async with box.there():
            await four.stop("intake", "dispatch")
            await four.start("intake", "dispatch")
            assert not await four.metric("intake", "qinqing_waiting_notices_records")
        assert len(box.mails()) == 2


async def test_a_webhook_that_is_away_gets_what_waits_for_it_once_signed_and_mail_does_not_wait_for_it(
    embedded: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.notifying.LONGEST_WAIT", 0.2)
    monkeypatch.setattr("shared.notifying.FIRST_WAIT", 0.1)
    monkeypatch.setattr(
        "shared.domain.notices._opens_at", lambda context: context.now
    )  # offices are open now
    box, far, namespace = Box(tmp_path / "mailbox"), Far(), own_namespace("webhook")
    hook = {"name": "oa", "kind": "webhook", "label_zh": "办公系统", "label_en": "Office", "secret": SECRET}
    hook["url"] = f"http://{HOST}:{far.port}/hooks/qinqing"
    ways = tmp_path / "ways.json"
    ways.write_text(json.dumps({"ways": [hook]}), encoding="utf-8")
    mail = {"smtp_host": HOST, "smtp_port": box.port, "smtp_from": "qinqing@huzhou.example"}
    mail |= {"staff_mail_domain": "huzhou.example", "ways_file": str(ways)}
    async with city(embedded.kafka_bootstrap, embedded.store_urls["intake"], namespace, **mail) as four:
        official = {"name": "李诚", "roles": ["handler"], "department": "housing"}
        await four.done("dispatch", "/staff/li/publish", official, actor="administrator:hu")
        await four.done("dispatch", "/staff/li/choose-ways", {"ways": ["mail", "oa"]}, actor=HANDLER)
        async with box.there():
            await replied(four)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not any(got["To"] == "li@huzhou.example" for got in box.mails()):
                    await asyncio.sleep(0.05)  # a folder tells nobody
            await waits(four, "dispatch")
            await far.stand()
            async with reader(embedded.kafka_bootstrap, namespace, "dispatch.events") as read:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while not far.posts:
                        await asyncio.sleep(0.05)
                ((_, headers, body),) = far.posts
                said = json.loads(body)
                await read.event(f"notice:{said['id']}", "notice.staff_sent.v1")
                (sent,) = read.events(f"notice:{said['id']}")
            await far.go()
    assert is_signed(SECRET, body, headers["qinqing-signature"], time.time())
    assert (said["to"], said["name"], [one["about"] for one in said["items"]]) == (
        "li",
        "李诚",
        ["sent_back"],
    )
    assert (sent.data["way"], sent.data["to"], sent.data["tries"]) == ("oa", "li", 1)
