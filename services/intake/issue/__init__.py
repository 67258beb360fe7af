"""An issue in intake: registered with a promise, then accepted, rejected or withdrawn."""
