"""What operators see of the projection: how old it is, what waits, who listens; nothing of what is in it."""

from pathlib import Path

import httpx
import pytest

from services.portal.app import build
from services.portal.settings import PortalSettings
from shared.identity.keys import make_keys


@pytest.fixture
def settings(tmp_path: Path) -> PortalSettings:
    """Of a portal whose broker is away."""
    keys = tmp_path / "keys"
    make_keys(keys)
    return PortalSettings(
        portal_dir=str(tmp_path / "portal"), keys_dir=str(keys), embedded=True, kafka_bootstrap="127.0.0.1:1"
    )


async def test_the_portal_serves_its_metrics_while_the_broker_is_away(settings: PortalSettings) -> None:
    app = build(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client,
    ):
        answer = await client.get("/metrics")
    lines = [line.split(" ")[0] for line in answer.text.splitlines() if not line.startswith("#")]
    wanted = {"age_seconds", "lag_records", "held_events", "open_pages", "unreadable_total", "failures_total"}
    assert {f"qinqing_projection_{name}" for name in wanted} <= set(lines)
    assert "qinqing_projection_held_events 0.0" in answer.text
    assert 'qinqing_talks_missing{level="city"} 1.0' in answer.text
    assert 'qinqing_talks_missing{level="county"} 6.0' in answer.text
