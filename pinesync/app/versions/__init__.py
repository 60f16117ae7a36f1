"""Use cases about saved versions: list, read, restore, import into git."""
