"""How a phone on the same network joins; of this machine's screen alone."""
