"""Text: canonical form, file names, Unicode, Pine syntax and line diffs. Pure functions."""
