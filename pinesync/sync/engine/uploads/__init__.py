"""One upload: read, check, send, read back, and find out later what became of it."""
