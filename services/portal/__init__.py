"""The portal: it owns nothing of an issue, reads every event, shows it on pages, and asks the four services."""
