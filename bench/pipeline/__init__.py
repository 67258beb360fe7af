"""Events per second through one service, ours beside three other ways of doing the same work."""
