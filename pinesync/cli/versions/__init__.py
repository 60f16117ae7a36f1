"""Verbs for saved versions and for undoing operations."""
