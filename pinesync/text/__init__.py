"""Texts: canonical form, file names, what is not seen, Pine, and differences. Pure."""
