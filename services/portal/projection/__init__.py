"""The projection: every event as rows of one SQLite database, which may be thrown away and built again."""
