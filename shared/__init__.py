"""The street the four services stand on: contract, bus, store, clocks; it imports no service."""
