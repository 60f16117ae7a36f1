"""Use cases that keep files and saved scripts in step."""
