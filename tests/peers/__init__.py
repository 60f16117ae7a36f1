"""Other clients of the facade, as their users install them, on the sandbox."""
