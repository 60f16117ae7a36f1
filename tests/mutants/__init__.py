"""Deliberate breakages: each takes one rule out of a copy of the code, and the suite must notice."""
