"""A batch: many issues that the office assigns at once."""
