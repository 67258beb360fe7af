"""Alerts over HTTP on real parts, with a mail server: at night a page is mailed once and at once, a ticket is not."""

from datetime import timedelta
from pathlib import Path

import pytest

from services.cli.embedded import Parts
from services.cli.embedded.ports import HOST
from tests.integration.broker import own_namespace
from tests.integration.city import City, city
from tests.integration.test_notices import Box
from tests.unit.dispatch.test_alerts import ENDED, POSTED, SUBJECT, WATCHER, group

pytestmark = pytest.mark.integration

TICKET = {**POSTED, "labels": {"alertname": "QinqingRecordsAreSetAside"}, "fingerprint": "0" * 16}
YAN = {"name": "严涛", "roles": ["operator"]}


async def posted(dispatch: City, *alerts: object) -> dict[str, object]:
    """What Alertmanager is answered."""
    return await dispatch.done("dispatch", "/alerts", {**group(), "alerts": [*alerts]}, actor=WATCHER)


async def test_a_page_is_mailed_at_night_once_and_its_end_too_and_a_ticket_waits(
    embedded: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.domain.notices._opens_at", lambda context: context.now + timedelta(hours=6))
    box, namespace = Box(tmp_path / "mailbox"), own_namespace("alerts")
    mail = {"smtp_host": HOST, "smtp_port": box.port, "smtp_from": "qinqing@huzhou.example"}
    mail |= {"staff_mail_domain": "huzhou.example", "portal_url": "http://example.com"}
    where = (embedded.kafka_bootstrap, embedded.store_urls["dispatch"], namespace)
    async with box.there(), city(*where, "dispatch", **mail) as dispatch:
        await dispatch.done("dispatch", "/staff/yan/publish", YAN, actor="administrator:hu")
        for _ in range(2):
            assert await posted(dispatch, POSTED, TICKET) == {"alerts": 2, "pending": 0}
        (fires,) = await box.gets(1)
        assert (fires["To"], fires["Subject"]) == ("yan@huzhou.example", "系统告警：QinqingProcessIsAway")
        assert "intake does not answer" in fires.get_content()
        for _ in range(2):
            await posted(dispatch, ENDED)
        _, over = await box.gets(2)
        assert over["Subject"] == "系统告警已解除：QinqingProcessIsAway"
        await dispatch.stop("dispatch")
        await dispatch.start("dispatch")
        shown = await dispatch.clients["dispatch"].get(f"/alerts/{SUBJECT}")
        assert shown.status_code == 404, "an office reads none"
        await posted(dispatch, ENDED, TICKET)
        assert not await dispatch.metric("dispatch", "qinqing_waiting_notices_records")
        assert len(box.mails()) == 2
