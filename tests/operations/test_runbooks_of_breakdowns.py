"""The same where the broker or a store stands still, or takes no deadline: what hangs is killed and comes back."""

import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.contract.commands.dispatch import SignAssignment
from tests.operations import acting
from tests.operations.acting import raised
from tests.operations.playing import Terminals, Town, needs_sloth, quick_town, standing_still, until
from tests.operations.runbooks import plays
from tests.operations.watching import needs_prometheus
from tests.said import issue_of, raiser, registration

pytestmark = [pytest.mark.prove, pytest.mark.integration, needs_prometheus, needs_sloth]

MANY = 1200
"""More than a thousand records, at which a service is behind."""
LONG_AGO = datetime.now(UTC) - timedelta(days=60)
SMALL = 300
"""Bytes that no command fits into."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town that is broken badly."""
    with quick_town(tmp_path_factory.mktemp("broken"), "--scenario", "town") as town:
        yield town


@plays("QinqingServiceIsBehind", "qinqing status", "kill -9 PID")
async def test_a_service_whose_store_hangs_is_behind_until_that_is_killed(town: Town, at: Terminals) -> None:
    terminal, pid = at["QinqingServiceIsBehind"], town.pid("store-dispatch")
    with standing_still(pid):
        await _many_raise(town)
        await town.fires("QinqingServiceIsBehind", job="dispatch")
        assert re.search(r"dispatch +.* no ", await terminal.next())
        await terminal.next(PID=pid)
        await town.resolves("QinqingServiceIsBehind")
    await until(lambda: town.number("sum(qinqing_consumer_lag_records)") == 0, "it is behind still")


async def _many_raise(town: Town) -> None:
    """In one moment, as from a file."""
    ids = [issue_of("huzhou", "li", f"many-{number}") for number in range(MANY)]
    await acting.commanded(
        town, [(id, registration(id, "路灯", "坏了"), raiser("li"), "register") for id in ids]
    )


@plays("QinqingWatermarkStandsStill", "qinqing status", "kill -9 PID")
@plays("QinqingPollStandsStill", "qinqing status", "qinqing restart SERVICE", "qinqing status")
async def test_a_broker_that_hangs_is_killed_and_everything_goes_on(town: Town, at: Terminals) -> None:
    of_broker, of_service = at["QinqingWatermarkStandsStill"], at["QinqingPollStandsStill"]
    pid = town.pid("kafka")
    await _hangs_before_a_commit(town, pid)
    with standing_still(pid):
        await town.fires("QinqingPollStandsStill", job="dispatch")
        assert re.search(r"Kafka .* no ", await of_service.next())
        await town.fires("QinqingWatermarkStandsStill", job="supervision")
        assert re.search(r"Kafka .* no ", await of_broker.next())
        await of_broker.next(PID=pid)
        await town.resolves("QinqingWatermarkStandsStill")
    await of_service.next(SERVICE="dispatch")
    assert " no " not in await of_service.next()
    await town.resolves("QinqingPollStandsStill")
    assert (await raised(town))["number"]


async def _hangs_before_a_commit(town: Town, broker: int) -> None:
    """The broker, once dispatch has read a command and waits for its store; then that goes on."""
    issue = (await raised(town))["id"]
    behind = 'qinqing_consumer_lag_records{job="dispatch",topic="dispatch.commands"}'
    with standing_still(town.pid("store-dispatch")):
        too_soon = (issue, SignAssignment(assignment=f"{issue}.1"), acting.HANDLER, "too-soon")
        await acting.commanded(town, [too_soon])
        await until(lambda: (town.number(behind) or 0) > 0, "nothing was read")
        os.kill(broker, signal.SIGSTOP)


@plays("QinqingTimersStandStill", "qinqing status", "kill -9 PID")
async def test_timers_whose_store_hangs_go_on_once_it_is_killed(town: Town, at: Terminals) -> None:
    terminal, pid = at["QinqingTimersStandStill"], town.pid("store-feedback")
    with standing_still(pid):
        await town.fires("QinqingTimersStandStill", job="feedback")
        assert re.search(r"feedback +.* no ", await terminal.next())
        await terminal.next(PID=pid)
        await town.resolves("QinqingTimersStandStill")


@plays(
    "QinqingDeadlinesAreLate",
    "qinqing status",
    "qinqing deadletters list",
    "qinqing deadletters show ORIGIN",
    "qinqing deadletters replay ORIGIN",
    "qinqing restart SERVICE",
)
async def test_deadlines_that_the_broker_refuses_are_handed_in_again(town: Town, at: Terminals) -> None:
    terminal, topic = at["QinqingDeadlinesAreLate"], "supervision.commands"
    await acting.take_records_of_at_most(town, topic, SMALL)
    issue = issue_of("huzhou", "li", f"late since {LONG_AGO}")
    asked = (issue, registration(issue, "路灯", "坏了"), raiser("li"), "register")
    await acting.commanded(town, [asked], LONG_AGO)
    await town.fires("QinqingDeadlinesAreLate", "page", job="supervision")
    await terminal.next()
    origin = re.findall(r"^ *(supervision\.commands/\S+)", await terminal.next(), re.MULTILINE)[0]
    assert "deadline.fire.v1" in await terminal.next(ORIGIN=origin)
    await acting.take_records_of_at_most(town, topic, None)
    await terminal.next(ORIGIN=origin)
    await terminal.next(SERVICE="supervision")
    await town.resolves("QinqingDeadlinesAreLate", "page")
