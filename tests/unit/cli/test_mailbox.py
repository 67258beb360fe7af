"""The embedded mailbox, run as the program it is: what it has answered is in its folder, whenever it dies."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.cli.embedded import Parts, free_ports
from services.cli.embedded.ports import HOST, Ports
from services.cli.embedded.services import (
    NO_MAIL,
    mail_home,
    mailbox_program,
    portal_program,
    service_program,
)
from services.cli.embedded.stores import listens
from services.portal.mailbox import Mailbox
from shared.mail import Mail, Mailing, Server
from shared.sending import Away
from shared.settings import Settings

MAIL = Mail("abc", "li@huzhou.example", "有新交办", "请签收。\n", "zh-CN")


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program on a port of loopback."""
    command = ("-m", "services.cli.mailbox", str(port), str(folder))
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    try:
        async with asyncio.timeout(30):
            while not await listens(HOST, port):
                await asyncio.sleep(0.05)  # another process, which tells nobody that it listens
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


async def test_what_was_answered_is_kept_though_it_is_killed_at_once_and_read_by_the_portal(
    tmp_path: Path, port: int
) -> None:
    mailing = Mailing(Server(HOST, port, "qinqing@huzhou.example"))
    async with running(tmp_path, port) as process:
        await mailing.connect()
        await mailing.send(MAIL)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        with pytest.raises(Away):
            await mailing.connect()
    async with running(tmp_path, port):
        await mailing.connect()
        await mailing.send(MAIL._replace(id="def"))
        await mailing.close()
    newest, oldest = Mailbox(tmp_path).newest()
    assert (newest.id, oldest.id) == ("<def@huzhou.example>", "<abc@huzhou.example>")
    assert (oldest.to, oldest.subject, oldest.text.split()) == (MAIL.to, MAIL.subject, MAIL.text.split())


async def test_nobody_else_on_the_machine_reads_it(tmp_path: Path, port: int) -> None:
    folder, mailing = tmp_path / "mailbox", Mailing(Server(HOST, port, "qinqing@huzhou.example"))
    async with running(folder, port):
        await mailing.connect()
        await mailing.send(MAIL)
        await mailing.close()
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder, *folder.iterdir()))


def test_the_embedded_services_send_to_the_mailbox_and_those_of_history_to_nobody(tmp_path: Path) -> None:
    parts = Parts("127.0.0.1:1", {"intake": "mongodb://127.0.0.1:1"}, tmp_path)
    ports = Ports()
    mail = mail_home(ports.mailbox, "http://127.0.0.1:18404")
    told = service_program("intake", parts, 1, mail=mail).env
    assert (told["QINQING_SMTP_HOST"], told["QINQING_SMTP_PORT"]) == (HOST, str(ports.mailbox))
    assert service_program("intake", parts, 1, history=True).env["QINQING_SMTP_HOST"] == ""
    assert NO_MAIL["QINQING_SMTP_HOST"] == ""
    program = mailbox_program(parts, ports.mailbox)
    assert (program.name, program.port) == ("mailbox", ports.mailbox)
    assert portal_program(parts, 1, {}).env["QINQING_MAILBOX_DIR"] == str(parts.mailbox_dir)


def test_a_mail_server_of_the_users_own_is_not_for_invented_people(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QINQING_SMTP_HOST", "mail.city.example")
    monkeypatch.setenv("QINQING_SMTP_ACCOUNT", "qinqing")
    parts = Parts("127.0.0.1:1", {"intake": "mongodb://127.0.0.1:1"}, tmp_path)
    for mail in (NO_MAIL, mail_home(1, "")):
        for name, value in service_program("intake", parts, 1, mail=mail).env.items():
            monkeypatch.setenv(name, value)
        server = Settings().mail_server()
        assert server is None or (server.host, server.account) == (HOST, "")
