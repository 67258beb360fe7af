"""What an entrepreneur does: raise an issue, follow it, rate the reply."""
