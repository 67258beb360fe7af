"""A port that nobody holds any more is free a moment later, and one that somebody holds is said at once."""

import pytest

from services.cli.embedded import ports
from services.cli.embedded.ports import TakenPort, still_taken

NEEDED = {18420: "store-intake"}
LINGERS, HELD = TakenPort(18420, "store-intake", None), TakenPort(18420, "store-intake", "nginx (pid 7)")


@pytest.mark.parametrize(
    ("seen", "seconds", "left", "looks"),
    [
        ([[LINGERS], [LINGERS], []], 60.0, [], 3),
        ([[HELD]], 60.0, [HELD], 1),
        ([[LINGERS]], 0.0, [LINGERS], 1),
        ([[]], 60.0, [], 1),
    ],
)
async def test_what_lingers_is_waited_for_and_who_holds_a_port_is_not(
    monkeypatch: pytest.MonkeyPatch,
    seen: list[list[TakenPort]],
    seconds: float,
    left: list[TakenPort],
    looks: int,
) -> None:
    looked = 0

    def taken_ports(needed: dict[int, str]) -> list[TakenPort]:
        nonlocal looked
        looked += 1
        return seen[looked - 1]

    monkeypatch.setattr(ports, "taken_ports", taken_ports)
    assert await still_taken(NEEDED, seconds) == left
    assert looked == looks
