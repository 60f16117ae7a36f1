"""One upload: read, check, send, read back, and find its outcome later if necessary."""
