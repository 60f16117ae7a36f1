"""Git commits and refs that a run writes."""
