"""Dispatch owns assignments, the department directory, routing and replies."""
