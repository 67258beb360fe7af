"""The faults a hostile reading found, each a test named after its scenario: an expected failure until it is mended."""
