"""Documents by hand on real parts: their numbers have no gap while one of two supervision workers goes and comes."""

import asyncio

import pytest

from services.cli.embedded import Parts
from shared.bus.gateway import Request, sealed
from shared.bus.records import Outgoing
from shared.contract.commands.supervision import IssueDocument
from shared.contract.words import DocumentKind
from tests.integration.broker import own_namespace, put, reader
from tests.integration.city import City, city
from tests.numbering import numbered_without_gaps
from tests.unit.reference import JURISDICTION

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

ISSUES = 6
TIMES = 18
"""Of one issue no more than twenty documents are issued by hand."""
KINDS = (DocumentKind.REMINDER, DocumentKind.SUPERVISION_ORDER, DocumentKind.CIRCULAR)
OFFICIAL = {"name": "顾严", "roles": ["supervisor"], "department": "office", "level": "city"}


def by_hand(issue: str, time: int) -> Outgoing:
    """One document of an issue, signed by a person."""
    kind = KINDS[time % len(KINDS)]
    document = IssueDocument(kind=kind, words="请于三日内到现场核查", signature=OFFICIAL["name"])
    request = Request(issue, document, "http", "supervisor:gu", f"{issue}/{time}")
    return sealed(request, f"/{JURISDICTION}/supervision")


async def test_each_number_is_given_once_and_none_is_left_while_one_of_two_workers_goes_and_comes(
    embedded: Parts,
) -> None:
    namespace = own_namespace("numbers")
    parts = embedded.kafka_bootstrap, embedded.store_urls["intake"], namespace
    second = City(*parts)
    async with (
        city(*parts, "intake", "dispatch", "supervision") as first,
        reader(embedded.kafka_bootstrap, namespace, "supervision.events") as read,
    ):
        await first.done("dispatch", "/staff/gu/publish", OFFICIAL, actor="administrator:hu")
        issues = [(await first.assigned(f"numbered-{number}"))[0] for number in range(ISSUES)]
        await read.until(
            lambda _: all(
                any(event.data["clock"] == "holding" for event in read.events(id, "clock.started.v1"))
                for id in issues
            )
        )

        async def say(times: range) -> None:
            for time in times:
                await put(embedded.kafka_bootstrap, namespace, [by_hand(id, time) for id in issues])

        def told(type: str) -> int:
            return len({raw.value for raw in read.records if type.encode() in raw.value})

        try:
            await second.start("supervision")
            before = [
                await worker.metric("supervision", "qinqing_outcomes_total") for worker in (first, second)
            ]
            await say(range(6))
            await read.until(lambda _: told('"document.issued.v1"') == 6 * ISSUES)
            after = [
                await worker.metric("supervision", "qinqing_outcomes_total") for worker in (first, second)
            ]
            assert after[0] > before[0] and after[1] > before[1], "both decide"
            await asyncio.gather(say(range(6, 12)), second.stop("supervision"))
            await asyncio.gather(say(range(12, TIMES)), second.start("supervision"))
            await read.until(lambda _: told('"document.issued.v1"') == TIMES * ISSUES)
        finally:
            await second.stop()
        registers = {f"register:{JURISDICTION}.{kind}" for kind in KINDS}
        counted = numbered_without_gaps(read.records)
    assert {register.rpartition(".")[0] for register in counted} == registers
    assert sum(counted.values()) == TIMES * ISSUES
