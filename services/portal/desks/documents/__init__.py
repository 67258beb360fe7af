"""Documents of supervision: the registers, one document as a page and a file, and what one can do about it."""
