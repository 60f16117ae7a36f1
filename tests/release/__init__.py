"""What a release goes through before it is published: its workflows, its notes, its wheel."""
