"""A department of the directory: its entry, its merger into another, and what it hears of refused messages."""
