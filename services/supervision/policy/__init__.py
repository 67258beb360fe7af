"""The policy of a jurisdiction: limits, warnings and office hours, published in versions."""
