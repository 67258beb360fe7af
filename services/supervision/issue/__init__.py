"""An issue as supervision sees it: clocks that other owners' events start and stop, and that time makes fire."""
