"""What the embedded system's mails look like, where nobody's mail program would show them."""
