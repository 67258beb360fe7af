"""Invented history: a small town at work, with enterprises, people and their issues up to today."""
