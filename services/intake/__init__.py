"""Intake: issues up to acceptance, and the promise their raisers are told."""
