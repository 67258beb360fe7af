"""Talks (恳谈会): calendar, one talk and what may be done about it, rotation, opening page, public column."""
