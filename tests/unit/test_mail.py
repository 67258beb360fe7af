"""The seam to a mail server, against a real one on loopback: what goes out, and what its answers mean."""

import asyncio
import email
import email.policy
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.cli.embedded.ports import HOST, free_ports
from shared.mail import Mail, Mailing, Security, Server
from shared.sending import Away, Later, Refused

MAIL = Mail("abc", "li@example.com", "您的问题已有答复", "请您评价。\n谢谢\n", "zh-CN")


class Handler:
    """Takes mails, or answers at one step as the test says."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.rcpt, self.data, self.sender = "250 fine", "250 fine", "250 fine"
        self.slow = threading.Event()
        self.slow.set()
        """Not set: it thinks for as long as that is so."""

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.sender

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        await asyncio.to_thread(self.slow.wait)
        self.taken.append(envelope.content)
        return self.data


class Standing:
    """A mail server on loopback, and a connection to it."""

    def __init__(self) -> None:
        self.handler, self.port = Handler(), free_ports(1)[0]
        self.controller = self.stand()
        self.mailing = Mailing(Server(HOST, self.port, "qinqing@huzhou.example"))

    def stand(self) -> Controller:
        """The server, there from now on."""
        self.controller = Controller(self.handler, hostname=HOST, port=self.port)
        self.controller.start()
        return self.controller

    async def send(self, mail: Mail = MAIL) -> Any:
        """Connect and hand in one mail."""
        await self.mailing.connect()
        await self.mailing.send(mail)
        return email.message_from_bytes(self.handler.taken[-1], policy=email.policy.default)


@pytest.fixture
async def standing() -> AsyncIterator[Standing]:
    made = Standing()
    yield made
    made.handler.slow.set()  # whatever became of the test: nobody is left waiting
    await made.mailing.close()
    if made.controller.server is not None:
        made.controller.stop()


async def test_a_mail_is_plain_text_with_our_own_message_id(standing: Standing) -> None:
    got = await standing.send()
    assert got["Message-ID"] == "<abc@huzhou.example>"
    assert (got["To"], got["From"], got["Subject"]) == (MAIL.to, "qinqing@huzhou.example", MAIL.subject)
    assert (got.get_content_type(), got.get_content().splitlines()) == ("text/plain", MAIL.text.splitlines())
    assert (got["Auto-Submitted"], got["Content-Language"]) == ("auto-generated", "zh-CN")
    assert abs((datetime.now(UTC) - got["Date"].datetime).total_seconds()) < 3600


async def test_one_connection_takes_many_mails(standing: Standing) -> None:
    for number in range(3):
        await standing.send(MAIL._replace(id=str(number)))
    assert len(standing.handler.taken) == 3


@pytest.mark.parametrize("step", ["rcpt", "data"])
@pytest.mark.parametrize(
    ("answer", "means"),
    [("451 greylisted", Later), ("550 li@example.com unknown", Refused), ("552 full", Refused)],
)
async def test_what_the_server_answers_of_a_mail_is_told_without_the_address(
    standing: Standing, step: str, answer: str, means: type[Exception]
) -> None:
    setattr(standing.handler, step, answer)
    with pytest.raises(means) as raised:
        await standing.send()
    assert "li@" not in str(raised.value)


async def test_who_may_not_send_at_all_gives_no_mail_up(standing: Standing) -> None:
    standing.handler.sender = "530 sign in first"
    with pytest.raises(Away):
        await standing.send()


@pytest.mark.parametrize("to", ["no address", "a@b\r\nBcc: all@example.com", "@", ""])
async def test_what_is_no_address_is_refused_and_goes_nowhere(standing: Standing, to: str) -> None:
    with pytest.raises(Refused):
        await standing.send(MAIL._replace(to=to))
    assert standing.handler.taken == []


async def test_a_server_that_is_not_there_is_away(standing: Standing) -> None:
    elsewhere = Mailing(Server(HOST, free_ports(1)[0], "qinqing@huzhou.example"))
    with pytest.raises(Away) as raised:
        await elsewhere.connect()
    assert "ConnectionRefusedError" in str(raised.value)


async def test_a_connection_that_was_lost_is_made_anew(standing: Standing) -> None:
    await standing.send()
    standing.controller.stop()
    with pytest.raises(Away):
        await standing.mailing.connect()
    standing.stand()
    await standing.send()
    assert len(standing.handler.taken) == 2


async def test_a_server_that_wants_no_encryption_where_some_is_wanted_is_away(standing: Standing) -> None:
    server = Server(HOST, standing.port, "qinqing@huzhou.example")
    for wanted in (Security.STARTTLS, Security.TLS):
        with pytest.raises(Away):
            await Mailing(server._replace(security=wanted)).connect()


async def test_a_slow_server_holds_nobody_else_up_and_has_its_mail_in_the_end(standing: Standing) -> None:
    standing.handler.slow.clear()
    sending = asyncio.create_task(standing.send())
    others = [await asyncio.to_thread(threading.active_count) for _ in range(3)]  # what else goes on here
    assert all(others) and not sending.done()
    standing.handler.slow.set()
    assert (await sending)["Message-ID"] == "<abc@huzhou.example>"


async def test_a_server_that_is_too_slow_is_asked_again_later_over_a_new_connection(
    standing: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.mail.TIMEOUT_SECONDS", 0.3)
    standing.handler.slow.clear()
    await standing.mailing.connect()
    with pytest.raises(Later):
        await standing.mailing.send(MAIL)
    standing.handler.slow.set()
    monkeypatch.setattr("shared.mail.TIMEOUT_SECONDS", 20.0)
    await standing.send(MAIL._replace(id="def"))
    assert b"def@huzhou.example" in standing.handler.taken[-1]


async def test_a_server_that_takes_the_call_and_says_nothing_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.mail.TIMEOUT_SECONDS", 0.2)
    silent = await asyncio.start_server(lambda reads, writes: None, HOST, 0)
    async with silent:
        mailing = Mailing(Server(HOST, silent.sockets[0].getsockname()[1], "qinqing@huzhou.example"))
        with pytest.raises(Away):
            await mailing.connect()
