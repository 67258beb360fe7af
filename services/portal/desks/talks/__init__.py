"""Talks (恳谈会): the calendar, one talk and what may be done about it, the rotation, the room's screen, the column."""
