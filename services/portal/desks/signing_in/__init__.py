"""Signing in where people are invented, language and type size, signing out."""
