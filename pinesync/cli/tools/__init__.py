"""Verbs for hooks, editors, the sandbox and troubleshooting."""
