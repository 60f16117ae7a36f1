"""The commits that pinesync writes under refs of its own."""
