"""Counts every command the Mongo driver sends, by name; nothing else is imported, so that every contender can."""

from collections import Counter

from pymongo import monitoring


class StoreCommands(monitoring.CommandListener):
    """Every command sent to the store, by name."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """One command leaves."""
        self.count[event.command_name] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to count."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing to count."""
