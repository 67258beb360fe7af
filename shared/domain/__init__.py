"""What all services decide by: decisions, reference data, calendar and clocks; pure functions only."""
