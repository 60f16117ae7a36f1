"""Hostile bytes, texts and names, made up as long as there is time: `make fuzz`."""
