"""Everything that pinesync does with git: queries, merges and commits."""
