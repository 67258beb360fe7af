"""The figures with their definitions, and the issues behind each."""
