"""Pages at 100,000 issues, beside a bare page of the same size; with events arriving; and open boards.

The portal is the real program over a real broker; the bare page is FastAPI and Jinja alone, whose rows are at hand.
"""

import asyncio
import html
import os
import random
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import quote

from aiokafka import AIOKafkaProducer

from bench.machine import ROOT
from bench.parts import free_base_port
from bench.portal.browsing import Answer, Browser
from bench.portal.filling import Filled, Running, fill
from bench.portal.rebuild import SAID, issues
from bench.results import Measure
from services.cli.embedded import Embedded, free_ports
from services.portal.projection.topics import EXPECTED
from shared.bus.records import SEQ_HEADER, SHA256_HEADER, Record
from shared.bus.topics import ensure_topics
from shared.contract.envelope import seal, sha256_of
from shared.identity.keys import REFERENCE, make_keys, secret
from shared.identity.references import References

Say = Callable[[str], None]
ALONE, TOGETHER, CLIENTS, PASSES = 160, 15, 10, 5
"""Pages asked for by one client, and by each of ten at once, in each pass over all pages. Of each figure the middle
one of the passes counts, so that a bad half-minute of the machine spoils one pass and no page."""
MOST_ALONE_MS, MOST_TOGETHER_MS, MOST_TIMES = 60.0, 150.0, 3.0
EVENTS_A_SECOND, BOARDS, SHOWN, MOST_BOARD_MS = 200, 100, 40, 500.0
PARTITIONS, START_SECONDS = 6, 60.0
OFTEN, RARELY = SAID
"""What is searched for."""


class Asked(NamedTuple):
    """One page: as whom, and where; "" is where that role begins.

    ``{issue}`` is one that is answered, ``{held}`` and ``{coming}`` are talks of one leader.
    """

    name: str
    role: str
    path: str
    issues: int = 0
    """How many issues it opens at least; a page of nothing would be quick for nothing."""
    turned: bool = False
    """Whether it is a list that is turned page after page: another one each time, of which nothing is drawn yet."""


PAGES = (
    Asked("page of an issue", "entrepreneur", "/issues/{issue}"),
    Asked("list of my issues", "entrepreneur", "/mine"),
    Asked("list of the office", "office", ""),
    Asked("list of a handler", "handler", ""),
    Asked("search, one issue in ten", "supervisor", f"/search?q={quote(OFTEN)}", 50),
    Asked("search, one issue in a thousand", "supervisor", f"/search?q={quote(RARELY)}", 20),
    Asked("list of the office, turned", "office", "", turned=True),
    Asked("list of a handler, turned", "handler", "", turned=True),
    Asked("search, one issue in ten, turned", "supervisor", f"/search?q={quote(OFTEN)}", 50, turned=True),
    Asked("board", "supervisor", "/board"),
    Asked("screen of a leader", "leader", "/overview"),
    Asked("calendar of talks", "federation", "/talks"),
    Asked("page of a talk", "office", "/talks/{held}"),
    Asked("opening page", "clerk", "/talks/{coming}/opening"),
    Asked("room of a talk", "clerk", "/talks/{held}/room"),
    Asked("list of a talk", "office", "/talks/{held}/list"),
    Asked("results of talks", "leader", "/talks/results"),
    Asked("results of talks by leader", "leader", "/talks/results?by=leader"),
    Asked("talks that were held", "leader", "/talks/held"),
    Asked("talks that were held, turned", "leader", "/talks/held", turned=True),
    Asked("people who came to talks", "leader", "/talks/held?people=1"),
    Asked("rotation plan", "federation", "/talks/rotation"),
    Asked("assigning many", "office", "/office/assign-many?talk={held}"),
    Asked("talks to take part in", "entrepreneur", "/talks"),
    Asked("online column", "entrepreneur", "/column"),
)
"""What is measured; a page that this version does not have is left out, and said."""
LIVE = ("board", "page of an issue")
"""Which page is held open: the first of these that there is."""


class Open(NamedTuple):
    """A page that there is: its addresses, one after the other, its session, its size."""

    name: str
    paths: Sequence[str]
    cookie: str
    bytes: int
    live: str


async def measure(say: Say) -> tuple[Sequence[Measure], dict[str, Any]]:
    """Fill a projection, start the portal on it, and ask."""
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as name:
        folder = Path(name)
        (folder / "keys").mkdir()
        make_keys(folder / "keys")
        references = References(secret(folder / "keys", REFERENCE))
        filled = fill(folder / "portal", references, say)
        async with (
            Embedded(folder / "data", free_base_port(), services=(), stores=()) as system,
            _portal(folder, system.parts.kafka_bootstrap) as portal,
            _bare() as bare,
        ):
            return await _measure(say, portal, bare, system.parts.kafka_bootstrap, filled)


async def _measure(
    say: Say, portal: str, bare: str, bootstrap: str, filled: Filled
) -> tuple[Sequence[Measure], dict[str, Any]]:
    opened = [page for asked in PAGES if (page := await _opened(say, portal, asked, filled))]
    detail: dict[str, Any] = {"issues": filled.issues}
    alone: dict[str, list[tuple[float, float]]] = {page.name: [] for page in opened}
    for turn in range(PASSES):
        say(f"{len(opened)} pages, pass {turn + 1} of {PASSES}")
        for page in opened:
            alone[page.name].append(
                await _in_turn(
                    Browser(portal, page.cookie), page.paths, Browser(bare), f"/?bytes={page.bytes}"
                )
            )
    busy: dict[str, list[float]] = {page.name: [] for page in opened}
    async with _arriving(bootstrap) as arrived:
        for _, page in product(range(PASSES), opened):
            busy[page.name].append(await _at_once(portal, page))
        detail["events_per_second"] = arrived()
    measures: list[Measure] = []
    for page in opened:
        ours, floor = zip(*alone[page.name], strict=True)
        times = [one / other for one, other in alone[page.name]]
        measures += [
            Measure(f"{page.name}, one client, 95th percentile", median(ours), "ms", MOST_ALONE_MS),
            Measure(f"{page.name}, ours/bare", median(times), "times", MOST_TIMES),
        ]
        detail[page.name] = {
            "path": page.paths[0],
            "pages": len(page.paths),
            "bytes": page.bytes,
            "ours_p95_ms": ours,
            "bare_p95_ms": floor,
            "together_p95_ms": busy[page.name],
        }
    measures += [
        Measure(f"{name}, {CLIENTS} clients, events arriving", median(found), "ms", MOST_TOGETHER_MS)
        for name, found in busy.items()
    ]
    live = next((page for name in LIVE for page in opened if page.name == name and page.live), None)
    if live is not None:
        say(f"{BOARDS} times {live.live}")
        seconds = await _boards(portal, live, bootstrap, filled)
        measures.append(
            Measure(
                f"{live.name}, {BOARDS} open: acknowledged to shown, 99th percentile",
                _percentile(seconds, 99),
                "ms",
                MOST_BOARD_MS,
            )
        )
        detail["boards"] = {"page": live.name, "messages": len(seconds)}
    return measures, detail


async def _opened(say: Say, portal: str, asked: Asked, filled: Filled) -> Open | None:
    """The page, if there is one in this version."""
    browser = Browser(portal)
    if await browser.sign_in(asked.role):
        path = asked.path.format(issue=filled.answered, **filled.talked._asdict()) or "/"
        page = await browser.get(path, packed=False)
        if path == "/" and page.header("location"):
            path = page.header("location")
            page = await browser.get(path, packed=False)
        if page.status == 200:
            shown = set(re.findall(r'href="/issues/(\w+)"', page.body.decode()))
            assert len(shown) >= asked.issues, f"{asked.name}: {len(shown)} issues"
            live = re.search(r'hx-sse:connect="([^"]+)"', page.body.decode())
            address = html.unescape(live[1]) if live else ""
            paths = [path, *([one async for one in _following(browser, page)] if asked.turned else ())]
            return Open(asked.name, paths, browser.cookie, len(page.body), address)
    say(f"{asked.name}: not in this version")
    return None


async def _following(browser: Browser, page: Answer) -> AsyncIterator[str]:
    """The pages after this one of the same list: as many as are asked for, or all."""
    for _ in range(ALONE):
        further = re.findall(r'href="([^"]*[?;&]after=[^"]*)"', page.body.decode())
        if not further:
            return
        path = html.unescape(further[-1])
        yield path
        page = await browser.get(path, packed=False)
        assert page.status == 200, f"{path}: {page.status}"


async def _in_turn(ours: Browser, paths: Sequence[str], bare: Browser, bare_path: str) -> tuple[float, float]:
    """The 95th percentiles in milliseconds of both pages, asked for in turn, so that the machine is equally quick for
    both; some before are left out."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(ALONE + 20):
        asked = ((ours, paths[number % len(paths)]), (bare, bare_path))
        for (browser, where), found in zip(asked, seconds, strict=True):
            answer = await browser.get(where)
            assert answer.status == 200, f"{where}: {answer.status}"
            if number >= 20:
                found.append(answer.seconds)
    await ours.close()
    await bare.close()
    return _percentile(seconds[0], 95), _percentile(seconds[1], 95)


async def _at_once(url: str, page: Open) -> float:
    async def _client(number: int) -> list[float]:
        browser, first = Browser(url, page.cookie), number * TOGETHER
        paths = [page.paths[place % len(page.paths)] for place in range(first, first + TOGETHER)]
        found = [await browser.get(path) for path in paths]
        await browser.close()
        assert all(answer.status == 200 for answer in found)
        return [answer.seconds for answer in found]

    return _percentile(
        [one for all in await asyncio.gather(*(_client(number) for number in range(CLIENTS))) for one in all],
        95,
    )


def _percentile(seconds: Sequence[float], percent: int) -> float:
    return round(quantiles(seconds, n=100, method="inclusive")[percent - 1] * 1000, 2)


# ------------------------------------------------------------------- events, boards


@asynccontextmanager
async def _producing(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0) as producer:
        yield producer


async def _put(producer: AIOKafkaProducer, record: Record) -> None:
    headers = [(SHA256_HEADER, (record.sha256 or "").encode()), (SEQ_HEADER, str(record.seq).encode())]
    await producer.send_and_wait(record.topic, record.value, key=record.key, headers=headers)


@asynccontextmanager
async def _arriving(bootstrap: str) -> AsyncIterator[Callable[[], float]]:
    """Events of new issues, so many a second, for as long as this lasts; says how many it came to."""
    log = issues(20_000, random.Random(11))
    began, sent = perf_counter(), 0

    async def _send(producer: AIOKafkaProducer) -> None:
        nonlocal sent
        for record in log:
            if record.topic.endswith(".reference"):
                continue
            await asyncio.sleep(max(0.0, began + sent / EVENTS_A_SECOND - perf_counter()))
            await _put(producer, record)
            sent += 1

    async with _producing(bootstrap) as producer:
        sending = asyncio.create_task(_send(producer))
        try:
            yield lambda: round(sent / (perf_counter() - began), 1)
        finally:
            sending.cancel()
            with suppress(asyncio.CancelledError):
                await sending


async def _boards(portal: str, page: Open, bootstrap: str, filled: Filled) -> list[float]:
    """For each event and each open page the seconds from the broker's acknowledgement to its message."""
    heard: asyncio.Queue[tuple[int, float]] = asyncio.Queue()

    async def _watch(number: int) -> None:
        async for at in Browser(portal, page.cookie).stream(page.live):
            heard.put_nowait((number, at))

    watching = [asyncio.create_task(_watch(number)) for number in range(BOARDS)]
    await asyncio.sleep(3.0)  # all of them are connected; a stream says nothing before there is something new
    while not heard.empty():
        heard.get_nowait()
    found: list[float] = []
    seen = (await Browser(portal, page.cookie).get(page.paths[0], packed=False)).body.decode()
    # What arrived stands among the rows: of those that are on the page each is raised, and then one clock less.
    shown = [clock for clock in filled.running if f"/issues/{clock.issue}" in seen][: SHOWN // 2]
    async with _producing(bootstrap) as producer:
        for number in range(2 * len(shown) if page.name == "board" else SHOWN):
            await _put(producer, _event(page, filled, shown, number))
            acknowledged = perf_counter()
            waiting = set(range(BOARDS))
            async with asyncio.timeout(30):
                while waiting:
                    who, at = await heard.get()
                    if who in waiting:
                        waiting.discard(who)
                        found.append(max(0.0, at - acknowledged))
            await asyncio.sleep(0.6)  # beyond the pause that a page makes between two messages
    for one in watching:
        one.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    return found


def _event(page: Open, filled: Filled, shown: Sequence[Running], number: int) -> Record:
    """One more event that changes what this page shows: a clock is warned of, or on a board it stops or climbs."""
    now = datetime.now(UTC)
    if page.name == "board":
        clock, again = shown[number // 2], number % 2
        subject, seq = clock.issue, clock.seq + 1 + again
        type = "clock.stopped.v1" if again else "ladder.raised.v1"
        data = {"clock": clock.clock, "round": clock.round, "assignment": clock.assignment}
        data |= {"stopped_at": now.isoformat(), "breached": False} if again else _raised(now)
    else:
        subject, seq, type = filled.answered, filled.supervised + 1 + number, "clock.warned.v1"
        data = {"clock": "promise", "round": 1, "threshold": "70%", "due_at": now.isoformat()}
    raw = seal(
        id=f"supervision.events:{subject}:{seq}",
        type=type,
        source="/huzhou/supervision",
        subject=subject,
        time=now,
        seq=seq,
        data=data,
    )
    return Record("supervision.events", 0, 0, 0, subject.encode(), raw, sha256_of(raw), seq)


def _raised(now: datetime) -> dict[str, Any]:
    """What supervision tells of a reminder."""
    terms = {"policy": "default-1", "calendar": "2026-1"}
    return {"step": 1, "called": "reminder", "because": "breach", "due_at": now.isoformat(), **terms}


# ------------------------------------------------------------------------ programs


@asynccontextmanager
async def _portal(folder: Path, bootstrap: str) -> AsyncIterator[str]:
    """The portal as `qinqing up` starts it, on this folder's projection; no service is there to be asked."""
    await ensure_topics(bootstrap, "", [*EXPECTED, "intake.commands"], partitions=PARTITIONS)
    async with _producing(bootstrap) as producer:
        for record in issues(0, random.Random(0)):
            await _put(producer, record)
    port, nobody = free_ports(2)
    settings = {
        "KAFKA_BOOTSTRAP": bootstrap,
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(port),
        "KEYS_DIR": str(folder / "keys"),
        "PORTAL_DIR": str(folder / "portal"),
        "EMBEDDED": "1",
        "PARTITIONS_COUNT": str(PARTITIONS),
        **{
            f"{name}_URL": f"http://127.0.0.1:{nobody}"
            for name in ("INTAKE", "DISPATCH", "SUPERVISION", "FEEDBACK")
        },
    }
    command = [sys.executable, "-m", "services.portal.app"]
    environment = {f"QINQING_{name}": value for name, value in settings.items()}
    async with _program(command, environment, port) as url:
        yield url


@asynccontextmanager
async def _bare() -> AsyncIterator[str]:
    (port,) = free_ports(1)
    async with _program([sys.executable, "-m", "bench.portal.bare", str(port)], {}, port) as url:
        yield url


@asynccontextmanager
async def _program(command: list[str], environment: dict[str, str], port: int) -> AsyncIterator[str]:
    """A program that serves on this port, ended behind it."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}
    )
    url, path = f"http://127.0.0.1:{port}", "/health/ready" if environment else "/"
    try:
        async with asyncio.timeout(START_SECONDS):
            while process.returncode is None:
                with suppress(OSError, asyncio.IncompleteReadError):
                    if (await Browser(url).get(path)).status == 200:
                        break
                await asyncio.sleep(0.1)  # another process; it says so by nothing else
        yield url
    finally:
        process.terminate()
        await process.wait()
