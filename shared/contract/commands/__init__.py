"""What may be asked, by owner: one module for each service that takes commands."""
