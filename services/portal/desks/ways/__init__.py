"""In which ways an official is told that there is work: choosing, and what could not be sent."""
