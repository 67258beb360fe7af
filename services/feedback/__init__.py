"""Feedback asks the one who raised an issue, decides on rework, closes, and keeps the figures."""
