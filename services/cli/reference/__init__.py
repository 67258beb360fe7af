"""Reference data as the command line reads, compares and publishes it: departments, calendars, policies."""
