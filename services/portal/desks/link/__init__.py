"""Following one issue by a private link, without an account."""
