"""The four services, which know nothing of each other, and the command line, which knows them all."""
