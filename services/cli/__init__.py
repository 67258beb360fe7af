"""The command line: the only code that sees all four services."""
