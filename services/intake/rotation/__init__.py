"""The rotation of one year: whose turn it is in which week."""
