"""The deterministic simulator and the history checker: the real loop, rooms and timers on a world made from a seed."""
