"""The server for an AI agent: what it may read, and what little it may save."""
