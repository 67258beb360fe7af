"""Kafka's classes as a JVM keeps them ready (JEP 483, 514), made once: a broker starts with half the work."""

import fcntl
import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from services.cli.embedded.processes import Child, Program, StartFailed

log = logging.getLogger("qinqing.embedded")

# What it keeps of compiled adapters it cannot always read again, and then says so at each start (JDK 25.0.2).
QUIET = ("-XX:+UnlockDiagnosticVMOptions", "-XX:-AOTAdapterCaching", "-XX:-AOTStubCaching")
LONGEST_SECONDS = 60.0


async def kept_classes(
    runtime: Path,
    classpath: Sequence[str],
    broker: Callable[[Path], Program],
    progress: Callable[[str], None],
) -> tuple[str, ...]:
    """The flags with which a JVM uses what is kept in its own folder; where nothing is, it is made first.

    ``broker`` is one with its data in a folder of its own. What is kept is good for this JVM and this class path
    alone. Who comes while another makes it, or cannot make it, goes without: it only saves time.
    """
    kept = runtime / f"qinqing-kafka-{sha256(':'.join(classpath).encode()).hexdigest()[:12]}.aot"
    if not kept.is_file():
        try:
            with (runtime / "qinqing-kafka.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not kept.is_file():
                    progress("keeping its classes for later starts")
                    await _make(kept, broker)
        except BlockingIOError:
            return ()
        except (OSError, StartFailed) as error:
            log.warning("Kafka's classes are not kept, its starts take longer: %s", error)
            return ()
    return (f"-XX:AOTCache={kept}", *QUIET)


async def _make(kept: Path, broker: Callable[[Path], Program]) -> None:
    """Start a broker and stop it: then its JVM writes down what it had loaded. Whole or not at all."""
    made = kept.with_suffix(".new")
    with tempfile.TemporaryDirectory(prefix="qinqing-kafka-") as scratch:
        trial = Child(_writing(broker(Path(scratch)), made), Path(scratch) / "logs")
        trial.start()
        try:
            await trial.wait_ready(LONGEST_SECONDS)
        except BaseException:
            trial.kill()  # who stops now does not wait for what is of no use
            raise
        finally:
            await trial.stop()
    made.replace(kept)


def _writing(broker: Program, made: Path) -> Program:
    async def command(progress: Callable[[str], None]) -> list[str]:
        java, *rest = await broker.command(progress)
        return [java, f"-XX:AOTCacheOutput={made}", *QUIET, *rest]

    return replace(broker, command=command, grace_seconds=LONGEST_SECONDS)
