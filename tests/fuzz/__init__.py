"""A standard API fuzzer against the four services."""
