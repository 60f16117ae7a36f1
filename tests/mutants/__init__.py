"""Deliberate breakages: each takes a rule out of a copy of the code; the suite must notice."""
