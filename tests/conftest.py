"""What tests share: one real Kafka and one real store for the whole run, on free ports, in a folder that goes away."""

import asyncio
import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.parts import free_base_port
from services.cli.embedded import Embedded, Parts
from tests.keys import KEYS
from tests.leaks import EMBEDDED, OUTPUT

assert KEYS.is_dir()  # whatever a test starts reads them
gc.set_threshold(
    50_000
)  # ten thousand tests leave much that is alive: looking through it often takes a tenth of the time


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What reads all that a run left comes behind everything else, whatever order the fixtures would like."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what a test and the services in this process printed and logged, for who looks for leaks in it."""
    if report.when == "teardown":
        OUTPUT.extend((f"{what} of {report.nodeid}", text.encode()) for what, text in report.sections)


@contextmanager
def embedded_parts(data_dir: Path, stores: tuple[str, ...]) -> Iterator[Parts]:
    """Kafka and `stores` without services, kept running by a loop in a thread of its own."""
    began = threading.Event()
    outcome: list[BaseException | Parts] = []
    loop = asyncio.new_event_loop()
    end = asyncio.Event()

    async def _run() -> None:
        try:
            async with Embedded(data_dir, free_base_port(), services=(), stores=stores) as system:
                outcome.append(system.parts)
                began.set()
                await end.wait()
        except BaseException as error:
            outcome.append(error)
            raise
        finally:
            began.set()

    thread = threading.Thread(target=lambda: loop.run_until_complete(_run()), name="embedded-parts")
    thread.start()
    began.wait()
    if isinstance(outcome[0], BaseException):
        thread.join()
        raise outcome[0]
    try:
        yield outcome[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    """A real Kafka and one real store; every service's store URL is that one. Use topics and databases of your own."""
    with embedded_parts(tmp_path_factory.mktemp(EMBEDDED, numbered=False), stores=("intake",)) as parts:
        url = parts.store_urls["intake"]
        yield Parts(parts.kafka_bootstrap, dict.fromkeys(parts.store_urls, url), parts.data_dir)


@pytest.fixture(scope="session")
def kafka_bootstrap(embedded: Parts) -> str:
    """The bootstrap address of the session's Kafka; no topic is made by itself."""
    return embedded.kafka_bootstrap


@pytest.fixture(scope="session")
def store_url(embedded: Parts) -> str:
    """The URL of the session's store; take a database name of your own."""
    return embedded.store_urls["intake"]
