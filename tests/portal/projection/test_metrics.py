"""What operators see of the projection: how old it is, what waits, who listens; nothing of what is in it."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from services.portal.app import build
from services.portal.projection.batch import Applier
from services.portal.projection.database import create
from services.portal.projection.files import Files
from services.portal.settings import PortalSettings
from shared.identity.keys import make_keys
from tests.portal.given import Given
from tests.portal.talks_given import announced


@pytest.fixture
def settings(tmp_path: Path) -> PortalSettings:
    """Of a portal whose broker is away."""
    keys = tmp_path / "keys"
    make_keys(keys)
    return PortalSettings(
        portal_dir=str(tmp_path / "portal"), keys_dir=str(keys), embedded=True, kafka_bootstrap="127.0.0.1:1"
    )


async def served(settings: PortalSettings) -> str:
    """What the portal says of itself, as Prometheus asks."""
    app = build(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client,
    ):
        return (await client.get("/metrics")).text


async def test_the_portal_serves_its_metrics_while_the_broker_is_away(settings: PortalSettings) -> None:
    text = await served(settings)
    lines = [line.split(" ")[0] for line in text.splitlines() if not line.startswith("#")]
    wanted = {"age_seconds", "lag_records", "held_events", "open_pages", "unreadable_total", "failures_total"}
    assert {f"qinqing_projection_{name}" for name in wanted} <= set(lines)
    assert "qinqing_projection_held_events 0.0" in text
    assert 'qinqing_talks_missing{level="city"} 1.0' in text
    assert 'qinqing_talks_missing{level="county"} 6.0' in text


async def test_a_place_that_has_a_talk_this_week_is_missing_no_more(
    settings: PortalSettings, given: Given
) -> None:
    now = datetime.now(UTC)
    announced(given, "huzhou-weekly-1", now)
    announced(given, "deqing-weekly-1", now, jurisdiction="deqing", level="county")
    announced(given, "anji-quarterly-1", now, jurisdiction="anji", level="county", series="quarterly")
    files = Files(Path(settings.portal_dir))
    database = create(path := files.new())
    Applier(database, settings.jurisdiction).apply(given.shown.topics.records)
    database.close()
    files.show(path)
    text = await served(settings)
    assert 'qinqing_talks_missing{level="city"} 0.0' in text
    assert 'qinqing_talks_missing{level="county"} 5.0' in text
