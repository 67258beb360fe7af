"""The pages of a department: what its handlers have to do and write, what its leader signs."""
