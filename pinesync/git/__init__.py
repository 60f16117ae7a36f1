"""All that pinesync does with git: it asks it, merges with it, and writes commits."""
