"""Feedback asks the one who raised an issue for a rating, decides on rework, tracks, and closes."""
