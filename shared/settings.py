"""Every setting, read once from the environment by ``app``; docs/settings.md lists them and a test compares."""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.domain.clocks import Limit
from shared.mail import Security, Server

HISTORY_PREFIX = "replay-"
"""How every namespace of history begins, and no other: a county's name is a prefix of topics too."""
BODY_BYTES, MOST_BODY_BYTES = 1_000_000, 10_000_000
"""Of an HTTP body: the largest as a rule, and the most that can be set, since one record holds 12 MiB."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_HOST = r"([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?"
ATTACHMENT_BYTES, MOST_ATTACHMENT_BYTES = 20_000_000, 100_000_000
"""Of a file: the largest as a rule, and the most that can be set, since pictures are unpacked in memory."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,49}")


class Settings(BaseSettings):
    """``QINQING_<NOUN>_<UNIT>``; unknown variables are left alone, wrong values name themselves."""

    model_config = SettingsConfigDict(env_prefix="QINQING_", env_ignore_empty=True, frozen=True)

    kafka_bootstrap: str = Field("127.0.0.1:18410", description="address of the Kafka broker")
    store_url: str = Field("mongodb://127.0.0.1:18420", description="address of this service's store")
    namespace: str = Field(
        "", description="prefix of topics, databases and groups; empty for live, `replay-…` for history"
    )
    history: bool = Field(False, description="history namespace: commands may bring their own time")
    beginning: bool = Field(
        False,
        description="the history that the live namespace begins with, until it is ended; with QINQING_HISTORY",
    )
    jurisdiction: str = Field("huzhou", pattern=r"^[a-z][a-z0-9-]{1,30}$", description="whose deployment")
    epoch: int = Field(
        0,
        ge=0,
        le=2**53 - 1,
        description="of the service's events, raised by each restore: behind its name in `source`; 0 for none",
    )
    partitions_count: int = Field(
        6, ge=1, le=1000, description="partitions of every topic; fixed at creation"
    )
    replication_factor: int = Field(1, ge=1, le=7, description="copies of every topic")
    http_host: str = Field("127.0.0.1", description="address to listen on")
    http_port: int = Field(0, ge=0, le=65_535, description="port to listen on; 0 takes a free one")
    http_hosts: str = Field(
        "",
        pattern=rf"^({_HOST}(,{_HOST})*)?$",
        description="names that requests may be for, with commas; empty: loopback and the port listened on",
    )
    http_origins: str = Field(
        "",
        pattern=rf"^(https?://{_HOST}(,https?://{_HOST})*)?$",
        description="other sites whose pages may ask, with commas; its own always may",
    )
    keys_dir: str = Field("", description="folder of the deployment's keys; needed by every service")
    invented_people: bool = Field(
        False,
        description="begin with invented people of every role and department; only where loopback is listened on",
    )
    reply_limit: str = Field(
        "", description="reply limit of a history namespace's policy, such as 10wd or 14d; refused live"
    )
    batch_records: int = Field(500, ge=1, le=5000, description="most records in one batch")
    batch_timeout_ms: int = Field(
        10, ge=1, le=5000, description="how long an empty poll waits for more; at most 5000"
    )
    body_bytes: int = Field(
        BODY_BYTES, ge=1000, le=MOST_BODY_BYTES, description=f"largest HTTP body; 1000 to {MOST_BODY_BYTES}"
    )
    attachments_dir: str = Field(
        "qinqing-attachments", min_length=1, description="folder of attachments; only intake uses it"
    )
    attachment_bytes: int = Field(
        ATTACHMENT_BYTES,
        ge=1000,
        le=MOST_ATTACHMENT_BYTES,
        description=f"largest attachment; 1000 to {MOST_ATTACHMENT_BYTES}",
    )
    outcome_seconds: float = Field(
        5.0,
        gt=0,
        le=60,
        allow_inf_nan=False,
        description="how long a gateway waits before it answers 202; at most 60",
    )
    after_seconds: float = Field(
        2.0,
        ge=0,
        le=60,
        allow_inf_nan=False,
        description="how long a request waits for what its sender has seen, before it is answered 409; at most 60",
    )
    drain_seconds: float = Field(
        0.0,
        ge=0,
        le=60,
        allow_inf_nan=False,
        description="how long it still serves from SIGTERM on, while it says that it is not ready; longer than "
        "whoever spreads requests takes to see that; at most 60",
    )
    smtp_host: str = Field(
        "",
        max_length=253,
        description="the mail server that takes notices of intake and dispatch; empty: none is sent, and what "
        "waits is given up after three days",
    )
    smtp_port: int = Field(25, ge=1, le=65_535, description="its port")
    smtp_security: Security = Field(
        Security.NONE, description="none, starttls, or tls from the first byte on"
    )
    smtp_account: str = Field("", description="as whom to sign in there; empty: nobody signs in")
    smtp_password: SecretStr = Field(SecretStr(""), description="and with which password")
    smtp_from: str = Field(
        "",
        pattern=r"^([^\s@<>]+@[A-Za-z0-9.-]+)?$",
        description="the address that notices are from; what follows its `@` stands in their Message-IDs",
    )
    staff_mail_domain: str = Field(
        "",
        pattern=r"^([A-Za-z0-9-]+\.)*[A-Za-z0-9-]*$",
        description="an official whose entry names no mail has it here, before it the account; empty: none",
    )
    ways_file: str = Field(
        "",
        description="JSON file of the ways in which officials may be told beside mail, with their secrets; only "
        "dispatch uses it; empty: there are none",
    )
    portal_url: str = Field(
        "",
        pattern=rf"^(https?://{_HOST}(/[\w./-]*)?)?$",
        description="where people find the portal, for the links in notices; empty: they have no link",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR"
    )
    log_format: Literal["json", "plain"] = Field(
        "json", description="json or plain: how a line of the log is written"
    )
    traces_endpoint: str = Field(
        "",
        pattern=rf"^(https?://{_HOST}(/[\w./-]*)?)?$",
        description="where a collector takes OpenTelemetry's OTLP over HTTP, mostly ending in `/v1/traces`; empty: no "
        "traces",
    )

    @model_validator(mode="after")
    def _names_apart(self) -> Self:
        if self.beginning and not self.history:
            raise ValueError("beginning: only of history")
        if fault := namespace_fault(self.namespace, history=self.apart):
            raise ValueError(fault)
        if is_history(self.jurisdiction):
            raise ValueError(
                f"a jurisdiction does not begin with {HISTORY_PREFIX}: that is a replay's namespace"
            )
        return self

    @model_validator(mode="after")
    def _mail_is_from_somebody(self) -> Self:
        if self.smtp_host and not self.smtp_from:
            raise ValueError("smtp_from: whoever sends mail names the address it is from")
        return self

    @model_validator(mode="after")
    def _nobody_invented_elsewhere(self) -> Self:
        if self.invented_people and self.http_host not in LOOPBACK:
            raise ValueError("invented_people: only a system on loopback has them")
        return self

    @model_validator(mode="after")
    def _reply_limit_of_history(self) -> Self:
        if not self.reply_limit:
            return self
        if not self.apart:
            raise ValueError("reply_limit: only a history namespace takes one; live, publish a policy")
        try:
            Limit(self.reply_limit)
        except ValueError as error:
            raise ValueError(f"reply_limit: {error}") from None
        return self

    @property
    def apart(self) -> bool:
        """Whether this is history in a namespace of its own: without grace, and with one topic for all orders."""
        return self.history and not self.beginning

    def mail_server(self) -> Server | None:
        """Where notices are handed in; None where none are sent."""
        if not self.smtp_host:
            return None
        password = self.smtp_password.get_secret_value()
        return Server(
            self.smtp_host, self.smtp_port, self.smtp_from, self.smtp_security, self.smtp_account, password
        )

    def keys(self) -> Path:
        """The folder of the deployment's keys."""
        return Path(self.keys_dir)

    def topic_prefix(self) -> str:
        """What stands before every topic and group name: ``""`` live, ``"<namespace>."`` otherwise."""
        return f"{self.namespace}." if self.namespace else ""

    def database(self, service: str) -> str:
        """The database of one service in this namespace."""
        return database_name(service, self.namespace)


def is_history(namespace: str) -> bool:
    """Whether this is the name of a replay's namespace."""
    return namespace.startswith(HISTORY_PREFIX)


def namespace_fault(namespace: str, *, history: bool) -> str:
    """Why nothing live, or no history, may have this namespace; "" when it may."""
    if namespace and not _NAME.fullmatch(namespace):
        return f"namespace {namespace[:60]!r}: write at most 50 small letters, digits and hyphens, a letter first"
    if history and not is_history(namespace):
        return (
            f"namespace {namespace!r}: history has a namespace of its own, which begins with {HISTORY_PREFIX}"
        )
    if not history and is_history(namespace):
        return f"namespace {namespace!r}: what begins with {HISTORY_PREFIX} is kept for history"
    return ""


def database_name(service: str, namespace: str) -> str:
    """The database of one service in one namespace: its own name, live."""
    return f"{namespace}_{service}" if namespace else service
