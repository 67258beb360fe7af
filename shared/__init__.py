"""What the four services share: contract, domain, bus, store, web; it imports no service."""
