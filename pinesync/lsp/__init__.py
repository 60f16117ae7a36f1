"""The language server: findings, the state of a script, and push, pull and diff, in any editor."""
