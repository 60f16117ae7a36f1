"""Verbs about what was saved before, and about taking it back."""
