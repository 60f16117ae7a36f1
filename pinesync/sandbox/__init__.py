"""A local stand-in for the facade. It behaves as the service does, as far as that is known."""
