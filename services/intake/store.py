"""Intake's cellar: one document per issue."""

COLLECTION = "issues"
