"""Verbs that keep files and saved scripts in step."""
