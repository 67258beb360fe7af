"""The seam to a mail server: one connection, one mail at a time, and what the server's answers mean.

No address, no name and no word of a mail is in what is raised here: errors are logged.
"""

import asyncio
import smtplib
import ssl
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from typing import NamedTuple

from shared.sending import Away, Later, Refused

TIMEOUT_SECONDS = 20.0
"""How long one answer of the server is waited for."""


class Security(StrEnum):
    """How a connection to the mail server is kept from others' eyes."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class Server(NamedTuple):
    """Where mail is handed in, and as whom."""

    host: str
    port: int
    sender: str
    """The address that mails are from; what follows its ``@`` stands in every Message-ID."""
    security: Security = Security.NONE
    account: str = ""
    password: str = ""


class Mail(NamedTuple):
    """One mail of plain text."""

    id: str
    """Made by us: the same mail sent again has the same one, so that whoever gets it twice can tell."""
    to: str
    subject: str
    text: str
    language: str


class Mailing:
    """Hands mails in, one at a time; the connection is kept as long as there are more."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection: Connection | None = None

    async def connect(self) -> None:
        """Be connected, with a server that still answers; raises Away."""
        if self._connection is not None and not await asyncio.to_thread(self._connection.is_open):
            await self.close()
        if self._connection is None:
            self._connection = await asyncio.to_thread(Connection, self._server)

    async def send(self, mail: Mail) -> None:
        """Hand in one mail: when this returns the server has it. Raises Away, Later or Refused."""
        if self._connection is None:
            raise Away("not connected")
        await asyncio.to_thread(self._connection.send, mail, datetime.now(UTC))

    async def close(self) -> None:
        """There is nothing more to send."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await asyncio.to_thread(connection.close)


class Connection:
    """A connection to the mail server; blocking, so it is used in a thread."""

    def __init__(self, server: Server) -> None:
        """Connect and sign in; raises Away."""
        self._server = server
        try:
            self._smtp = _connected(server)
        except (OSError, smtplib.SMTPException) as error:
            raise Away(_said(error)) from None

    def send(self, mail: Mail, at: datetime) -> None:
        """Hand in one mail: when this returns the server has it. Raises Away, Later or Refused."""
        try:
            message = message_of(self._server.sender, mail, at)
        except (ValueError, IndexError, MessageError):  # as the library finds each kind of nonsense
            raise Refused("no address") from None
        try:
            self._smtp.send_message(message, self._server.sender, [mail.to])
        except smtplib.SMTPRecipientsRefused as error:
            (code, _), *_ = error.recipients.values()
            raise _refusal(code, error) from None
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error) from None
        except smtplib.SMTPNotSupportedError:
            raise Refused("an address that this server cannot write") from None
        except smtplib.SMTPSenderRefused as error:
            raise Away(_said(error)) from None
        except (OSError, smtplib.SMTPException) as error:
            raise Later(_said(error)) from None

    def is_open(self) -> bool:
        """Whether the server still answers."""
        try:
            return self._smtp.noop()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def close(self) -> None:
        """Say goodbye, as far as the server still listens."""
        try:
            self._smtp.quit()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()


def _connected(server: Server) -> smtplib.SMTP:
    """Connected, encrypted where that is wanted, and signed in."""
    if server.security is Security.TLS:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    try:
        if server.security is Security.STARTTLS:
            smtp.starttls(context=ssl.create_default_context())
        if server.account:
            smtp.login(server.account, server.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def message_of(sender: str, mail: Mail, at: datetime) -> EmailMessage:
    """The mail as it goes out; raises ValueError, IndexError or MessageError for an address that is none."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # no machine answers it
    message.set_content(mail.text, cte="base64")  # which begins with no Content header at all
    message["Content-Language"] = mail.language
    return message


def _refusal(code: int, error: Exception) -> Later | Refused:
    return Refused(_said(error)) if 500 <= code < 600 else Later(_said(error))


def _said(error: Exception) -> str:
    """What went wrong, without the words of the server: these repeat addresses."""
    code = getattr(error, "smtp_code", "")
    return f"{type(error).__name__} {code}".strip()
