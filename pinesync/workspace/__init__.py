"""The user's folder on disk: its manifest, its files, and the state kept outside of it."""
