"""Pages in a real browser: each of them, and stories that are walked through them."""
