"""Verbs around the work: hooks, editors, the sandbox, and what helps when something is wrong."""
