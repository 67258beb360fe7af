"""Supervision's cellar: one document per issue with its clocks."""

COLLECTION = "issues"
