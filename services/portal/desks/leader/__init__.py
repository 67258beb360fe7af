"""A leader's one screen."""
