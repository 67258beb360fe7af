"""The board of all clocks, for who reads every issue."""
