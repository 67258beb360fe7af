"""Leaders' instructions: given, reported on, taken back, and a leader's own list."""
