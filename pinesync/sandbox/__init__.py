"""A local stand-in for the facade: the service's behaviour as far as it is known, on this disk."""
