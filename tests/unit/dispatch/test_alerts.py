"""Alerts reach the operators: a page at once, all else in office hours, each once however often it is posted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from services.dispatch.mails import Mails, Posts, details_of, is_still_so
from shared.contract.commands.dispatch import ChooseWays, PublishStaff, ReportAlert
from shared.contract.commands.notices import BeginStaffNotice, PrepareStaffNotice
from shared.contract.envelope import open_envelope
from shared.contract.words import MAIL, Level, Occurrence, Role
from shared.domain.notices import KEPT, Notice
from shared.ids import shown_subject
from shared.mail import Mail
from tests.fuzz.in_memory import in_memory
from tests.keys import bearer
from tests.unit.dispatch.given import Dispatch
from tests.unit.one_aggregate import after

ALERT = "alert:9c1be6a2f0d84e37-19cafb4fd00"
WATCHER = "operator:watch"
NIGHT, OPENS = after(hours=17), after(days=1, hours=-0.5)
"""02:00 on Tuesday in Shanghai, and 08:30 of that day."""
FIRES, OVER = Occurrence.ALERT_FIRES, Occurrence.ALERT_OVER


def alert(severity: str = "page", **more: Any) -> ReportAlert:
    says = {"summary": "intake does not answer", "runbook": "docs/operations.md#runbook-a-service-was-killed"}
    named = {"name": "QinqingProcessIsAway", "severity": severity, "started_at": NIGHT}
    return ReportAlert(**{**named, **says, **more})


def over(severity: str = "page") -> ReportAlert:
    return alert(severity, ended_at=NIGHT + timedelta(minutes=20))


async def operated(*accounts: str) -> Dispatch:
    """Dispatch that has these operators in its directory, and an official who is none."""
    dispatch = Dispatch(ALERT, own_directory=True)
    roles = dict.fromkeys(accounts, Role.OPERATOR) | {"chen": Role.OFFICE}
    for account, role in roles.items():
        entry = PublishStaff(name="严涛", roles=(role,), level=Level.CITY)
        await dispatch.ask(entry, after(), "administrator:wu", subject=f"staff:{account}")
    return dispatch


def told(dispatch: Dispatch) -> list[tuple[str, str, str]]:
    """Who, in which way and of what, in order; each notice once however often it was asked for."""
    found: dict[str, tuple[str, str, str]] = {}
    for out in dispatch.commands:
        asked = PrepareStaffNotice.model_validate(open_envelope(out.value).data)
        assert (asked.issue, asked.number) == (ALERT, "QinqingProcessIsAway")
        found[out.key] = (asked.to, asked.way, asked.about)
    return list(found.values())


def notices(dispatch: Dispatch) -> list[Notice]:
    documents = dispatch.store.documents.items()
    return [Notice.model_validate(one["state"]) for id, one in documents if id.startswith("notice:")]


async def test_every_operator_hears_in_each_of_their_ways_that_it_fires_and_that_it_is_over() -> None:
    dispatch = await operated("yan", "sun")
    ways = ChooseWays(ways=(MAIL, "on-call"))
    await dispatch.ask(ways, after(), "operator:yan", subject="staff:yan")
    for command, about in ((alert(), FIRES), (over(), OVER)):
        record = dispatch.command(command, NIGHT, WATCHER)
        first, second = await dispatch.deliver(record), await dispatch.deliver(record)
        assert first.answers[0].outcome == second.answers[0].outcome
        assert told(dispatch) == [("yan", MAIL, about), ("yan", "on-call", about), ("sun", MAIL, about)]
        dispatch.commands.clear()


async def test_what_is_posted_again_and_again_in_other_words_is_told_once() -> None:
    dispatch = await operated("yan")
    await dispatch.ask(alert(), NIGHT, WATCHER)
    again = await dispatch.ask(alert(summary="intake is away for 4 h"), after(hours=21), WATCHER)
    assert again["unchanged"] and len(told(dispatch)) == 1
    await dispatch.ask(over(), after(hours=22), WATCHER)
    for late in (over(), alert()):  # what was on its way when it was over already
        assert (await dispatch.ask(late, after(hours=23), WATCHER))["unchanged"]
    assert [about for *_, about in told(dispatch)] == [FIRES, OVER]


async def test_an_alert_of_which_only_the_end_came_is_told_of_once() -> None:
    dispatch = await operated("yan")
    await dispatch.ask(over(), NIGHT, WATCHER)
    assert (await dispatch.ask(alert(), NIGHT, WATCHER))["unchanged"]
    assert [about for *_, about in told(dispatch)] == [OVER]


async def test_a_page_at_two_in_the_morning_goes_at_once_and_a_ticket_waits_for_the_office_hours() -> None:
    for severity, waits in (("page", False), ("ticket", True), ("", True)):
        dispatch = await operated("yan")
        await dispatch.ask(alert(severity), NIGHT, WATCHER)
        await dispatch.settle(NIGHT)
        (notice,) = notices(dispatch)
        assert (notice.state, notice.again_at) == (("waiting", OPENS) if waits else ("prepared", None))
        if not waits:
            assert notice.until == NIGHT + KEPT
            (subject,) = (id for id in dispatch.store.documents if id.startswith("notice:"))
            begun = await dispatch.ask(BeginStaffNotice(), NIGHT, "system:notices", subject=subject)
            assert begun["state"] == "sending"


async def test_tickets_of_a_night_are_one_digest_and_a_page_is_none_of_it() -> None:
    dispatch = await operated("yan")
    for number, severity in enumerate(("ticket", "page", "ticket")):
        subject = f"{ALERT}{number}"
        await dispatch.ask(alert(severity), NIGHT, WATCHER, subject=subject)
    await dispatch.settle(NIGHT)
    assert sorted((len(one.items), one.at_once) for one in notices(dispatch)) == [(1, True), (2, False)]


async def test_nobody_but_an_operator_reports_an_alert() -> None:
    dispatch = await operated("yan")
    for actor in ("office:chen", "administrator:wu", "handler:housing/li", "entrepreneur:wu"):
        assert (await dispatch.ask(alert(), NIGHT, actor))["reason"] == "wrong_role"
    assert told(dispatch) == []


# ------------------------------------------------------------------ the words


async def details(dispatch: Dispatch, item: Any) -> Any:
    return await details_of(dispatch.store, item)  # type: ignore[arg-type]


async def test_the_mail_says_what_it_is_since_when_and_what_to_do_in_both_languages() -> None:
    dispatch = await operated("yan")
    for command, parts in (
        (
            alert(),
            ("系统告警", "始于 2026-03-03 02:00", "fires since 2026-03-03 02:00", "#runbook-a-service"),
        ),
        (over(), ("已于 2026-03-03 02:20 解除", "over since 2026-03-03 02:20", "from 2026-03-03 02:00")),
    ):
        await dispatch.ask(command, NIGHT, WATCHER)
        await dispatch.settle(NIGHT)
        notice = notices(dispatch)[-1]
        where = (dispatch.reference.directory, "city.example", "http://example.com/")
        mail = await Mails(*where, lambda item: details(dispatch, item)).write("abc", notice)
        assert isinstance(mail, Mail) and mail.to == "yan@city.example"
        assert "QinqingProcessIsAway" in mail.subject
        for part in (*parts, "intake does not answer", "http://example.com/operator/dashboards"):
            assert part in mail.text, part
        post = await Posts(where[0], where[2], lambda item: details(dispatch, item)).write("abc", notice)
        assert [line.text_zh in mail.text for line in post.lines] == [True]


async def test_what_is_over_when_its_notice_can_go_is_told_as_over_alone() -> None:
    dispatch = await operated("yan")
    await dispatch.ask(alert("ticket"), NIGHT, WATCHER)
    await dispatch.ask(over("ticket"), NIGHT, WATCHER)
    await dispatch.settle(NIGHT)
    (digest,) = notices(dispatch)
    so = [await is_still_so(dispatch.store, item) for item in digest.items]  # type: ignore[arg-type]
    assert dict(zip([item.about for item in digest.items], so, strict=True)) == {FIRES: False, OVER: True}


# ------------------------------------------------------------------ over HTTP

POSTED: dict[str, Any] = {
    "status": "firing",
    "labels": {"alertname": "QinqingProcessIsAway", "severity": "page", "job": "intake"},
    "annotations": {
        "summary": "intake does\nnot answer",
        "runbook": "docs/operations.md#runbook-held-events",
    },
    "startsAt": "2026-03-02T02:00:00.123456789Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://127.0.0.1:9090/graph",
    "fingerprint": "9c1be6a2f0d84e37",
}
ENDED = {**POSTED, "status": "resolved", "endsAt": "2026-03-02T02:10:00Z"}
SUBJECT = f"9c1be6a2f0d84e37-{int(datetime.fromisoformat('2026-03-02T02:00:00.123Z').timestamp() * 1000):x}"


def group(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What Alertmanager 0.27 posts."""
    said: dict[str, Any] = {
        "receiver": "operators",
        "status": "firing",
        "groupLabels": {},
        "commonLabels": {},
    }
    said |= {"commonAnnotations": {}, "externalURL": "", "groupKey": "{}:{}", "truncatedAlerts": 0}
    return {**said, "version": "4", "alerts": [*alerts], **more}


@asynccontextmanager
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    """Dispatch's own application, asked as an operator."""
    app = in_memory("dispatch", monkeypatch)
    asked = {
        "transport": httpx.ASGITransport(app),
        "base_url": "http://127.0.0.1",
        "headers": bearer(WATCHER),
    }
    async with app.router.lifespan_context(app), httpx.AsyncClient(**asked) as client:
        yield client


async def test_what_alertmanager_posts_is_taken_and_posted_again_it_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with served(monkeypatch) as client:
        for _ in range(2):
            answer = await client.post("/alerts", json=group(POSTED))
            assert (answer.status_code, answer.json()) == (200, {"alerts": 1, "pending": 0})
        known = (await client.get(f"/alerts/{SUBJECT}")).json()
        assert (known["version"], known["summary"]) == (1, "intake does not answer")
        assert known.get("ended_at") is None and shown_subject(f"alert:{SUBJECT}") == f"alert:{SUBJECT}"
        await client.post("/alerts", json=group(ENDED, status="resolved"))
        assert (await client.get(f"/alerts/{SUBJECT}")).json()["ended_at"] == "2026-03-02T02:10:00Z"


WRONG: list[tuple[dict[str, Any], str, str]] = [
    (group(POSTED, version="3"), "version", "应为 '4'"),
    ({"alerts": []}, "version", "必填"),
    (group({**POSTED, "status": "silenced"}), "alerts.0.status", "'firing' 或 'resolved'"),
    (group({**POSTED, "labels": {}}), "alerts.0.labels.alertname", "必填"),
    (group({**POSTED, "labels": {"alertname": "a\nb"}}), "alerts.0.labels.alertname", "格式应为"),
    (group({**POSTED, "startsAt": "gestern"}), "alerts.0.startsAt", "应为带时区的时刻"),
    (group({**POSTED, "startsAt": "2026-03-02T02:00:00"}), "alerts.0.startsAt", "应为带时区的时刻"),
    (group({**POSTED, "startsAt": "1969-12-31T23:59:59Z"}), "alerts.0.startsAt", "应不小于 1970-01-01"),
    (group({**POSTED, "endsAt": 0}), "alerts.0.endsAt", "应为带时区的时刻"),
    (group({**POSTED, "status": "resolved"}), "alerts.0", "已解除的告警须写明解除时刻"),
    (group({**POSTED, "fingerprint": "../issues"}), "alerts.0.fingerprint", "格式应为"),
    (group(*[POSTED] * 501), "alerts", "最多 500 项"),
]


@pytest.mark.parametrize(
    ("body", "field", "rule"), WRONG, ids=[f"{field}-{rule}" for _, field, rule in WRONG]
)
async def test_what_is_no_post_of_alertmanagers_is_told_where_and_what_would_be_right(
    body: dict[str, Any], field: str, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(monkeypatch) as client:
        answer = await client.post("/alerts", json=body)
        assert answer.status_code == 422
        (error,) = answer.json()["errors"]
        assert error["field"] == field and rule in error["rule"]
        assert (await client.get(f"/alerts/{SUBJECT}")).status_code == 404


async def test_a_phone_in_the_words_of_a_rule_stands_on_no_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    says = {"annotations": {"summary": "3 records wait: call 13812345678", "runbook": "call 13812345678"}}
    async with served(monkeypatch) as client:
        await client.post("/alerts", json=group({**POSTED, **says}))
        known = (await client.get(f"/alerts/{SUBJECT}")).json()
    assert "3 records wait" in known["summary"] and "13812345678" not in f"{known}"


async def test_what_is_too_long_is_cut_and_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    long = {"labels": {"alertname": "A" * 90, "severity": "s" * 90}, "annotations": {"summary": "很长" * 900}}
    async with served(monkeypatch) as client:
        assert (await client.post("/alerts", json=group({**POSTED, **long}))).status_code == 200
        known = (await client.get(f"/alerts/{SUBJECT}")).json()
    assert [len(known[name]) for name in ("name", "severity", "summary")] == [40, 40, 500]


@pytest.mark.parametrize("actor", ["office:chen", "administrator:wu", "entrepreneur:wu"])
async def test_only_an_operators_token_posts_alerts(actor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(monkeypatch) as client:
        answer = await client.post("/alerts", json=group(POSTED), headers=bearer(actor))
        assert (answer.status_code, answer.json()["reason"]) == (403, "wrong_role")
