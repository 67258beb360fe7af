"""A talk: announced, opened, held or cancelled; and the list of its issues, which it tells of that one by one."""
