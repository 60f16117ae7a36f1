"""What pinesync does, a verb a module: typed arguments in, frozen results out. Nothing here prints,
asks or reads the environment."""
