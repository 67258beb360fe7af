"""Supervision keeps the clocks of every issue: what was promised, who holds it, what is late."""
