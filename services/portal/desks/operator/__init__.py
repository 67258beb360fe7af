"""What an operator does: see whether everything is all right, and mend what is not."""
