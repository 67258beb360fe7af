"""Dispatch: which department handles an issue, and the reply that goes out."""
