"""Dispatch's cellar: one document per issue, and one per department for what belongs to no issue."""

COLLECTION = "issues"
