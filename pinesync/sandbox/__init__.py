"""A local stand-in for the facade that behaves like the service, where that is known."""
