"""Verbs about whose session it is."""
