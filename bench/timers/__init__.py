"""Deadlines by the million: supervision's own documents, what the timers cost, and what they do in a storm."""
