"""An enterprise in intake: what is known of it, in revisions that name each other."""
