"""Every setting of the portal, read once by its ``app``; docs/settings.md lists them."""

import re
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.portal.joining import ALPHABET, CODE_CHARS, address_of
from shared.settings import LOOPBACK, Settings

SECONDS_OF = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
"""The letters of durations, as Prometheus writes them."""
DURATION = r"([1-9]\d{0,5}[smhd])+"
"""One of them: 5m, or 1h12m, as it and sloth write 72 minutes."""


def _as_of_a_service(name: str) -> Field:  # type: ignore[valid-type]
    """A setting that means the same as of a service."""
    return Settings.model_fields[name]


def _span(duration: str) -> timedelta:
    parts = re.findall(r"(\d+)([smhd])", duration)
    return timedelta(seconds=sum(int(number) * SECONDS_OF[unit] for number, unit in parts))


class PortalSettings(BaseSettings):
    """``QINQING_<NOUN>_<UNIT>``, with the names that the services use for the same things."""

    model_config = SettingsConfigDict(env_prefix="QINQING_", env_ignore_empty=True, frozen=True)

    kafka_bootstrap: str = _as_of_a_service("kafka_bootstrap")
    namespace: str = _as_of_a_service("namespace")
    jurisdiction: str = _as_of_a_service("jurisdiction")
    partitions_count: int = _as_of_a_service("partitions_count")
    http_host: str = _as_of_a_service("http_host")
    http_port: int = _as_of_a_service("http_port")
    http_hosts: str = _as_of_a_service("http_hosts")
    http_origins: str = _as_of_a_service("http_origins")
    keys_dir: str = _as_of_a_service("keys_dir")
    drain_seconds: float = _as_of_a_service("drain_seconds")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _as_of_a_service("log_level")
    log_format: Literal["json", "plain"] = _as_of_a_service("log_format")
    embedded: bool = Field(False, description="let anybody on loopback choose among invented people")
    lan_code: str = Field(
        "",
        pattern=rf"^([{ALPHABET}]{{{CODE_CHARS}}})?$",
        description="with QINQING_EMBEDDED: listen on QINQING_HTTP_HOST, one address of a local network, beside "
        "loopback, and let browsers from there in with one-time codes, of which this is the first",
    )
    portal_dir: str = Field("qinqing-portal", min_length=1, description="folder of its two databases")
    mailbox_dir: str = Field(
        "", description="folder of the embedded mailbox, which it shows as a page; empty: there is none"
    )
    counties: str = Field(
        "wuxing,nanxun,deqing,changxing,anji,nantaihu",
        pattern=r"^([a-z][a-z0-9-]{1,30}(,[a-z][a-z0-9-]{1,30})*)?$",
        description="codes of the counties and areas that hold a talk each week, with commas between: one without a "
        "talk is a gap, in no rotation either; empty: those of the rotation and of the last weeks alone",
    )
    objective_windows: str = Field(
        "5m,30m,1h,2h,6h,1d,3d,30d",
        pattern=rf"^{DURATION}(,{DURATION})*$",
        description="windows, up to now, of which /metrics says how much fell due and how much of it was missed; "
        "the rules of the objectives ask for these (deploy/prometheus/slo)",
    )
    prometheus_url: str = Field(
        "",
        description="address of Prometheus, of which the operator's page shows the dashboards; empty: of none",
    )
    intake_url: str = Field("http://127.0.0.1:18400", description="address of intake")
    dispatch_url: str = Field("http://127.0.0.1:18401", description="address of dispatch")
    supervision_url: str = Field("http://127.0.0.1:18402", description="address of supervision")
    feedback_url: str = Field("http://127.0.0.1:18403", description="address of feedback")

    def windows(self) -> dict[str, timedelta]:
        """The windows of the objectives by their names."""
        return {name: _span(name) for name in self.objective_windows.split(",")}

    def keys(self) -> Path:
        """The folder of the deployment's keys."""
        return Path(self.keys_dir)

    def folder(self) -> Path:
        """The folder of the portal's own data."""
        return Path(self.portal_dir)

    def services(self) -> dict[str, str]:
        """The address of each service."""
        names = ("intake", "dispatch", "supervision", "feedback")
        return {name: getattr(self, f"{name}_url") for name in names}

    def places_of_talks(self) -> tuple[str, ...]:
        """The counties that hold talks."""
        return tuple(dict.fromkeys(filter(None, self.counties.split(","))))

    def on_loopback(self) -> bool:
        """Whether only this machine can ask."""
        return self.http_host in LOOPBACK

    def on_a_local_network(self) -> bool:
        """Whether browsers on one local network may join: it has a code, and listens on one address that is no public
        one.
        """
        try:
            address = ip_address(self.http_host)
        except ValueError:
            return False
        is_one = not (address.is_unspecified or address.is_multicast)
        return bool(self.lan_code) and is_one and not address.is_global

    def hosts(self) -> tuple[str, ...]:
        """Every address that is listened on: loopback always."""
        return (self.http_host,) if self.on_loopback() else (LOOPBACK[0], self.http_host)

    def network_address(self) -> str:
        """Where browsers on the network find it."""
        return address_of(self.http_host, self.http_port)
