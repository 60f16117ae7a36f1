"""Verbs for the session and its account."""
