"""Verbs about the scripts of a workspace: which there are, and what they are called."""
