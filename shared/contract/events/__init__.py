"""What happened, by owner: one module for each service that writes events."""
