"""What each event makes of the rows: one module for each owner, and one table from types to functions."""
