"""Intake owns registration and acceptance: what was said, and the date that was promised for it."""
