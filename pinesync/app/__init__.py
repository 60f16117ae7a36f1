"""Use cases shared by the CLI and the language server: typed arguments in, frozen results out.
Nothing here prints, prompts or reads the environment."""
