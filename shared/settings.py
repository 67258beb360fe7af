"""Every setting, read once from the environment by ``app``; docs/settings.md lists them and a test compares."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """``QINQING_<NOUN>_<UNIT>``; unknown variables are left alone, wrong values name themselves."""

    model_config = SettingsConfigDict(env_prefix="QINQING_", env_ignore_empty=True, frozen=True)

    kafka_bootstrap: str = Field("127.0.0.1:18410", description="address of the Kafka broker")
    store_url: str = Field("mongodb://127.0.0.1:18420", description="address of this service's store")
    namespace: str = Field("", description="prefix of topics, databases and groups; empty for live")
    history: bool = Field(False, description="history namespace: commands may bring their own time")
    jurisdiction: str = Field("huzhou", pattern=r"^[a-z][a-z0-9-]{1,30}$", description="whose deployment")
    partitions_count: int = Field(
        6, ge=1, le=1000, description="partitions of every topic; fixed at creation"
    )
    replication_factor: int = Field(1, ge=1, le=7, description="copies of every topic")
    http_host: str = Field("127.0.0.1", description="address to listen on")
    http_port: int = Field(0, description="port to listen on; 0 takes a free one")
    reply_limit: str = Field(
        "", description="reply limit of a history namespace's policy, such as 10wd or 14d"
    )
    batch_records: int = Field(500, ge=1, le=5000, description="most records in one batch")
    batch_timeout_ms: int = Field(10, ge=1, description="how long an empty poll waits for more")
    body_bytes: int = Field(1_000_000, description="largest HTTP body")
    outcome_seconds: float = Field(5.0, description="how long a gateway waits before it answers 202")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")

    def topic_prefix(self) -> str:
        """What stands before every topic and group name: ``""`` live, ``"<namespace>."`` otherwise."""
        return f"{self.namespace}." if self.namespace else ""

    def database(self, service: str) -> str:
        """The database of one service in this namespace."""
        return database_name(service, self.namespace)


def database_name(service: str, namespace: str) -> str:
    """The database of one service in one namespace: its own name, live."""
    return f"{namespace.replace('.', '-')}_{service}" if namespace else service
