"""Talks (恳谈会): the calendar, one talk and what may be done about it, the rotation, the screen it opens with, the column."""
