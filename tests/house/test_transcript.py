"""The transcript in the README is what `make run` prints: its banner is drawn again and compared."""

import io
import re

from rich.console import Console

from services.cli.display import banner
from services.cli.embedded import DEFAULT_BASE_PORT, SERVICES, Ports, SystemState
from services.cli.embedded.ports import HOST
from services.cli.embedded.state import PartState
from tests.house.repository import READMES

WIDTH = 80


def printed() -> str:
    """The first transcript of the English README."""
    return READMES[0].read_text(encoding="utf-8").split("```text\n")[1].split("```")[0]


def test_the_banner_in_the_readme_is_the_banner_that_is_printed() -> None:
    ready = float(re.findall(r"ready in ([\d.]+) s", printed())[0])
    data = re.findall(r"data\s+(\S+) \(kept", printed())[0]
    ports = Ports(DEFAULT_BASE_PORT)
    parts = ["kafka", *(f"store-{name}" for name in SERVICES), *SERVICES, "portal", "mailbox"]
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
        parts=[PartState(name, "", 0, "ready", ready_seconds=ready) for name in parts],
    )
    console = Console(file=io.StringIO(), width=WIDTH)
    console.print(banner(state, foreground=True, default_data=True, program=".venv/bin/qinqing"))
    drawn = console.file.getvalue()  # type: ignore[attr-defined]
    assert printed().strip().endswith(drawn.strip()), "record the transcript anew"


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
