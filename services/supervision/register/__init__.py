"""A register: the numbers of one kind of document in one year."""
