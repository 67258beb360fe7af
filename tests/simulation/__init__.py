"""The deterministic simulator and the history checker: the real code on a world made from a seed."""
