"""The transcript in the README is what `make run` prints: its banner is drawn again and compared."""

import io
import re

from rich.console import Console, RenderableType

from services.cli.display import Progress, banner
from services.cli.embedded import DEFAULT_BASE_PORT, SERVICES, Ports, SystemState
from services.cli.embedded.ports import HOST
from services.cli.embedded.state import PartState
from tests.house.repository import READMES

WIDTH = 80
KINDS = {"Kafka 4.3": "kafka", "the mailbox": "mailbox", "the portal": "portal"}


def printed() -> str:
    """The first transcript of the English README."""
    return READMES[0].read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]


def begun(label: str, seconds: str) -> PartState:
    """A part that is ready, by its line."""
    kind = KINDS.get(label, label.split()[0])
    return PartState(label.split()[-1], kind, 0, "ready", ready_seconds=float(seconds))


def drawn(*parts: RenderableType) -> str:
    """What a terminal shows of these."""
    console = Console(file=io.StringIO(), width=WIDTH)
    console.print(*parts)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_the_transcript_in_the_readme_is_what_is_printed() -> None:
    head, *lines = printed().split("╭")[0].strip().splitlines()[1:]
    rows = [line.split("  ", 1)[1].rsplit("  ", 1) for line in lines]
    parts = [begun(label.strip(), took.removesuffix(" s")) for label, took in rows]
    ready = float(re.findall(r"ready in ([\d.]+) s", printed())[0])
    data = re.findall(r"data\s+(\S+) \(kept", printed())[0]
    ports = Ports(DEFAULT_BASE_PORT)
    state = SystemState(
        phase="ready",
        pid=1,
        created=0.0,
        data_dir=data,
        base_port=ports.base,
        kafka_bootstrap=f"{HOST}:{ports.kafka}",
        store_urls={},
        service_urls={name: f"http://{HOST}:{ports.service(name)}" for name in SERVICES},
        started_at="",
        portal_url=f"http://{HOST}:{ports.portal}",
        ready_seconds=ready,
        parts=parts,
    )
    shown = drawn(Progress(lambda: state, quiet=True).drawn()).splitlines()[1:]
    shown += drawn(
        banner(state, foreground=True, default_data=True, program=".venv/bin/qinqing")
    ).splitlines()
    told = printed().strip().splitlines()[2:]
    assert [one.strip() for one in told] == [one.strip() for one in shown], "record the transcript anew"
    assert head == f"Starting, {int(ready)} s" and ready >= max(part.ready_seconds or 0 for part in parts)


def test_a_first_start_has_a_line_for_the_town_and_counts_its_time() -> None:
    parts = [begun("Kafka 4.3", "7.1"), begun("service intake", "8.7"), begun("the portal", "9.4")]
    state = SystemState("starting", 1, 0.0, "/data", 18400, "", {}, {}, "", parts=parts)
    progress = Progress(lambda: state, quiet=True)
    assert [line.split("  ")[1] for line in drawn(progress.drawn()).splitlines()[1:]] == [
        "Kafka 4.3",
        "service intake",
        "the portal",
    ]
    state.played, state.played_progress = "the town", "120/1800"
    assert drawn(progress.drawn()).splitlines()[2].split() == ["…", "the", "town", "120/1800"]
    state.played_seconds, state.ready_seconds = 45.04, 68.2
    assert drawn(progress.drawn()).splitlines()[2].split() == ["✓", "the", "town", "45.0", "s"]
    assert "ready in 68.2 s" in drawn(banner(state, foreground=True, default_data=True))


def test_the_transcript_names_every_part_that_starts() -> None:
    begun = printed().split("╭")[0]
    for part in (
        "Kafka",
        *(f"store of {name}" for name in SERVICES),
        *(f"service {name}" for name in SERVICES),
        "the portal",
        "the mailbox",
    ):
        assert part in begun
