"""What the assigning office does: take issues on, assign them, rule, check replies, decide, write down for others."""
