"""A person in intake: registered, changed, and erased for good."""
