"""An alert of the monitoring: one time at which it fires, from then until it is over."""
