"""Who asks: signed tokens, the deployment's keys, and the references by which persons stand on events."""
