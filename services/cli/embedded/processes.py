"""One child process, kept alive: started, watched until it is ready, started again when it dies, stopped politely."""

import asyncio
import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

log = logging.getLogger("qinqing.embedded")

State = Literal["waiting", "starting", "ready", "restarting", "stopping", "stopped", "failed"]

POLL_SECONDS = 0.05
FIRST_BACKOFF_SECONDS = 0.2
LONGEST_BACKOFF_SECONDS = 10.0
CALM_SECONDS = 30.0  # a child that lived this long starts again without a longer wait
DEATHS_BEFORE_GIVING_UP = 5  # only while the child has never been ready
_PR_SET_PDEATHSIG = 1


class StartFailed(Exception):
    """A part did not become ready; the message names it, why, and the end of its log."""


@dataclass(frozen=True)
class Program:
    """What to run and how to tell that it is ready.

    `command` is awaited before every start, so it may prepare what the program needs (fetch, format) and say how
    far it is through the `progress` it is handed. `death_signal` is what the kernel sends the child when its
    supervisor dies without a goodbye.
    """

    name: str
    kind: Literal["kafka", "store", "service", "portal", "mailbox", "watch"]
    port: int
    command: Callable[[Callable[[str], None]], Awaitable[list[str]]]
    ready: Callable[[], Awaitable[bool]]
    env: Mapping[str, str] = field(default_factory=dict)
    death_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 15.0


def fixed(*command: str) -> Callable[[Callable[[str], None]], Awaitable[list[str]]]:
    """A `Program.command` that needs no preparation."""

    async def _command(_progress: Callable[[str], None]) -> list[str]:
        return list(command)

    return _command


def die_with_parent(death_signal: int) -> Callable[[], None] | None:
    """For the child, between fork and exec: ask the kernel for `death_signal` when the parent dies (Linux only).

    Elsewhere the next start ends what the state file still names (see state.py).
    """
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def _ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os.kill(os.getpid(), signal.SIGKILL)

    return _ask


async def spawn(
    command: list[str], *, env: Mapping[str, str], cwd: Path, output: Path, death_signal: int
) -> asyncio.subprocess.Process:
    """Start one process in a session of its own (Ctrl-C must reach only the supervisor), its output to a file."""
    with output.open("ab") as log_file:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log_file,
            stderr=asyncio.subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **env},
            start_new_session=True,
            preexec_fn=die_with_parent(death_signal),
        )


class Child:
    """Keeps one program running until it is told to stop."""

    def __init__(self, program: Program, log_dir: Path, on_change: Callable[[], None] = lambda: None) -> None:
        self.program = program
        self.log_path = log_dir / f"{program.name}.log"
        self.state: State = "waiting"
        self.progress = ""
        self.restarts = 0
        self.started_at: float | None = None  # time.monotonic
        self.ready_seconds: float | None = None
        self.failure: str | None = None
        self._on_change = on_change
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._deaths_before_ready = 0

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def url(self) -> str:
        """Where it answers over HTTP, for a service."""
        return f"http://127.0.0.1:{self.program.port}"

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        """Begin to keep it; `wait_ready` tells when it is up."""
        if self._keeper is None:
            self.log_path.parent.mkdir(parents=True, exist_ok=True)
            self.started_at = time.monotonic()
            self._keeper = asyncio.create_task(self._keep(), name=f"keep-{self.name}")

    async def wait_ready(self, timeout: float) -> None:
        """Return when the program answers; raise StartFailed when it gives up or `timeout` seconds have passed."""
        assert self._keeper is not None, "start() comes first"
        ready = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({ready, self._keeper}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if self._ready.is_set():
            return
        reason = self.failure or f"not ready after {timeout:.0f} s"
        raise StartFailed(f"{self.name}: {reason}\n{self._log_tail()}".rstrip())

    async def stop(self) -> None:
        """SIGTERM, wait, SIGKILL; the process is gone when this returns."""
        self._stopping.set()
        if self._keeper is None:
            self._to("stopped")
            return
        self._to("stopping")
        process = self._process
        if process is None or process.returncode is not None:
            self._keeper.cancel()  # preparing, or between two lives
        else:
            self._signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), self.program.grace_seconds)
            except TimeoutError:
                log.warning("%s did not stop in %.0f s: killed", self.name, self.program.grace_seconds)
                self._signal(signal.SIGKILL)
        await asyncio.wait({self._keeper})
        if (
            self._process is not None and self._process.returncode is None
        ):  # cancelled while it was being born
            self._signal(signal.SIGKILL)
            await self._process.wait()
        self._to("stopped")

    def kill(self) -> None:
        """SIGKILL now; unless it is being stopped it will start again."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(number)

    def _to(self, state: State, progress: str = "") -> None:
        self.state, self.progress = state, progress
        self._on_change()

    def _say(self, progress: str) -> None:
        self.progress = progress
        self._on_change()

    async def _keep(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            self._to("restarting" if self.restarts else "starting")
            born = time.monotonic()
            try:
                how = _how(await self._one_life())
            except (OSError, StartFailed) as error:
                if not self._ready.is_set():
                    self._give_up(str(error))
                    return
                how = f"could not be started: {error}"  # such as on a full disk: there may be space later
            if self._stopping.is_set():
                return
            if not self._ready.is_set():
                self._deaths_before_ready += 1
                if self._deaths_before_ready >= DEATHS_BEFORE_GIVING_UP:
                    self._give_up(
                        f"ended {self._deaths_before_ready} times before it was ready (last: {how})"
                    )
                    return
            if time.monotonic() - born > CALM_SECONDS:
                backoff = FIRST_BACKOFF_SECONDS
            self.restarts += 1
            log.warning("%s %s; starting again in %.1f s", self.name, how, backoff)
            self._to("restarting", how)
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF_SECONDS)

    async def _one_life(self) -> int:
        command = await self.program.command(self._say)
        self._process = process = await spawn(
            command,
            env=self.program.env,
            cwd=self.log_path.parent,
            output=self.log_path,
            death_signal=self.program.death_signal,
        )
        log.info("%s started, pid %d", self.name, process.pid)
        self._say("")
        watch = asyncio.create_task(self._watch_readiness())
        try:
            return await process.wait()
        finally:
            watch.cancel()

    async def _watch_readiness(self) -> None:
        while not await self.program.ready():
            await asyncio.sleep(POLL_SECONDS)
        if self.ready_seconds is None and self.started_at is not None:
            self.ready_seconds = time.monotonic() - self.started_at
        log.info("%s ready", self.name)
        self._ready.set()
        self._to("ready")

    def _give_up(self, reason: str) -> None:
        self.failure = reason
        log.error("%s: %s", self.name, reason)
        self._to("failed", reason)

    def _log_tail(self, lines: int = 15) -> str:
        with suppress(OSError):
            text = self.log_path.read_text(errors="replace").splitlines()[-lines:]
            return "\n".join([f"  the end of {self.log_path}:", *(f"  | {line}" for line in text)])
        return ""


def _how(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"ended with code {code}"
    with suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
