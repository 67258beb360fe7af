"""The same history under another policy or calendar: played once more in memory, and compared with the record."""
