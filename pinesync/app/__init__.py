"""Use cases that more than one front door needs: typed arguments in, frozen results out. Nothing
here prints, asks or reads the environment."""
