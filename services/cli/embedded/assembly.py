"""Puts the parts together: checks the ports, starts everything at once, tells where it is, stops it in order."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from services.cli.embedded import state as states
from services.cli.embedded.kafka import kafka_program
from services.cli.embedded.network import Lan
from services.cli.embedded.ports import DEFAULT_BASE_PORT, HOST, SERVICES, Ports, PortsTaken, still_taken
from services.cli.embedded.processes import Child, Program
from services.cli.embedded.services import (
    NO_MAIL,
    Parts,
    ServiceCommand,
    jurisdiction,
    mail_home,
    mailbox_program,
    portal_program,
    service_program,
    wait_for_all,
)
from services.cli.embedded.stores import store_program, store_url
from shared.identity.keys import make_keys

log = logging.getLogger("qinqing.embedded")

START_TIMEOUT_SECONDS = 240.0  # a first start downloads; a later one needs under 15
STOP_ORDER = ("portal", "service", "mailbox", "store", "kafka")  # whoever uses a part goes before it


class Embedded:
    """The whole system, or only its broker and stores with `services=()`; an async context manager.

    With all four services come the portal and the mailbox that their notices go to.

    A broker or a store of the user's own (QINQING_KAFKA_BOOTSTRAP, QINQING_STORE_URL) is used instead of starting
    one. The deployment's keys are made at the first start. `before_services` is awaited once broker and stores are
    ready, before any service runs. With `lan` the portal, and nothing else, listens there too. Raises PortsTaken,
    AlreadyRunning, WrongLayout or NoKeys before anything is started, StartFailed after stopping what was.
    """

    def __init__(
        self,
        data_dir: Path,
        base_port: int = DEFAULT_BASE_PORT,
        *,
        services: Sequence[str] = SERVICES,
        stores: Sequence[str] = SERVICES,
        service_command: ServiceCommand | None = None,
        on_change: Callable[[], None] = lambda: None,
        before_services: Callable[["Embedded"], Awaitable[None]] | None = None,
        lan: Lan | None = None,
        start_timeout_seconds: float = START_TIMEOUT_SECONDS,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.ports = Ports(base_port)
        self.children: list[Child] = []
        own_broker, own_store = os.environ.get("QINQING_KAFKA_BOOTSTRAP"), os.environ.get("QINQING_STORE_URL")
        self.parts = Parts(
            kafka_bootstrap=own_broker or f"{HOST}:{self.ports.kafka}",
            store_urls={name: own_store or store_url(self.ports.store(name)) for name in SERVICES},
            data_dir=self.data_dir,
        )
        self.service_urls = {name: f"http://{HOST}:{self.ports.service(name)}" for name in services}
        self.portal_url = f"http://{HOST}:{self.ports.portal}" if set(services) == set(SERVICES) else ""
        self._lan = lan
        self._programs = self._choose(
            services, () if own_store else stores, service_command, bool(own_broker)
        )
        self._start_timeout_seconds = start_timeout_seconds
        self._on_change = on_change
        self._before_services = before_services
        self._lock: IO[str] | None = None
        self._log_handler: logging.Handler | None = None
        self._state: states.SystemState | None = None

    def _choose(
        self, services: Sequence[str], stores: Sequence[str], command: ServiceCommand | None, own_broker: bool
    ) -> list[Program]:
        programs = []
        if not own_broker:
            programs.append(kafka_program(self.ports, self.data_dir, os.environ.get("QINQING_JAVA_HOME")))
        programs += [store_program(name, self.ports, self.data_dir) for name in stores]
        mail = mail_home(self.ports.mailbox, self.portal_url) if self.portal_url else NO_MAIL
        for name in services:
            port = self.ports.service(name)
            programs.append(service_program(name, self.parts, port, command=command, mail=mail))
        if self.portal_url:
            programs.append(mailbox_program(self.parts, self.ports.mailbox))
            portal = portal_program(
                self.parts, self.ports.portal, self.service_urls, command=command, lan=self._lan
            )
            programs.append(portal)
        return programs

    def needed_ports(self) -> dict[int, str]:
        """{port: what for} of everything this system would listen on."""
        needed = {program.port: program.name for program in self._programs}
        if any(program.kind == "kafka" for program in self._programs):
            needed[self.ports.controller] = "kafka's controller"
        return needed

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start every part at once (the services wait for theirs by themselves) and return when all are ready."""

        self._lock = states.lock(self.data_dir)
        try:
            states.check_layout(self.data_dir)
            make_keys(self.parts.keys_dir, has_data=states.was_started(self.data_dir))
            states.claim_layout(self.data_dir)
            make_keys(self.parts.keys_dir)
            self._log_to_file()
            if left := states.end_leftovers(self.data_dir):
                log.warning("ended what an earlier run had left: %s", ", ".join(left))
            if taken := await still_taken(self.needed_ports()):
                raise PortsTaken(taken)
        except BaseException:
            self._release()
            raise
        self.children = [Child(program, self.data_dir / "logs", self._changed) for program in self._programs]
        self._state = self._first_state()
        self._changed()
        began = time.monotonic()
        try:
            await self._start_all()
        except BaseException as error:
            await self._stop("failed", str(error))
            raise
        self._state.ready_seconds = round(time.monotonic() - began, 2)
        self._phase("ready")

    async def _start_all(self) -> None:
        """Every part at once; where something is done before the services run, they come after it, and the
        portal with them: it waits for the topics that they make."""
        others = [child for child in self.children if child.program.kind in ("kafka", "store")]
        if self._before_services is not None:
            await self._start_these(others)
            await self._before_services(self)
        await self._start_these(self.children)

    async def _start_these(self, children: Sequence[Child]) -> None:
        for child in children:
            child.start()
        await wait_for_all(children, self._start_timeout_seconds)

    def plays(self, what: str, progress: str = "", seconds: float | None = None) -> None:
        """Tell those who watch the start what is played before the services run: how far it is, or how long it took."""
        if self._state is not None:
            self._state.played, self._state.played_progress = what, progress
            self._state.played_seconds = seconds
            self._changed()

    async def stop(self) -> None:
        """Services, then stores, then Kafka; nothing this started is left when it returns."""
        await self._stop("stopped", "")

    def kill(self) -> None:
        """For an impatient second Ctrl-C: do not wait for anyone's goodbye (call while `stop` runs)."""
        for child in self.children:
            child.kill()

    async def _stop(self, last: states.Phase, message: str) -> None:
        self._phase("stopping")
        for kind in STOP_ORDER:
            await asyncio.gather(*(child.stop() for child in self.children if child.program.kind == kind))
        self._phase(last, message)
        self._release()

    def _release(self) -> None:
        if self._log_handler is not None:
            log.removeHandler(self._log_handler)
            self._log_handler.close()
            self._log_handler = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _log_to_file(self) -> None:
        folder = self.data_dir / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        self._log_handler = logging.FileHandler(folder / "system.log")
        self._log_handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        log.addHandler(self._log_handler)
        log.setLevel(logging.INFO)
        log.propagate = False

    def _first_state(self) -> states.SystemState:
        return states.SystemState(
            phase="starting",
            pid=os.getpid(),
            created=states.created_at(os.getpid()) or 0.0,
            data_dir=str(self.data_dir),
            base_port=self.ports.base,
            kafka_bootstrap=self.parts.kafka_bootstrap,
            store_urls=self.parts.store_urls,
            service_urls=self.service_urls,
            portal_url=self.portal_url,
            lan_url="" if self._lan is None else self._lan.url(self.ports.portal),
            lan_code="" if self._lan is None else self._lan.code,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            jurisdiction=jurisdiction(),
        )

    def _phase(self, phase: states.Phase, message: str = "") -> None:
        if self._state is not None:
            self._state.phase, self._state.message = phase, message
            self._changed()

    def _changed(self) -> None:
        if self._state is not None and self._lock is not None:
            self._state.parts = [_seen(child) for child in self.children]
            with suppress(OSError):  # a full disk ends nobody, and the next change is written whole
                self._state.write()
        self._on_change()


def _seen(child: Child) -> states.PartState:
    return states.PartState(
        name=child.name,
        kind=child.program.kind,
        port=child.program.port,
        state=child.state,
        progress=child.progress,
        pid=child.pid,
        created=states.created_at(child.pid),
        restarts=child.restarts,
        ready_seconds=round(child.ready_seconds, 2) if child.ready_seconds is not None else None,
    )
