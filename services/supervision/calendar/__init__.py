"""The calendar of a jurisdiction: its table of work and rest days, published in versions."""
