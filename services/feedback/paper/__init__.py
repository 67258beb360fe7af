"""A paper of the three meetings: published in editions, heard by its meeting, whose decisions go to their issues."""
