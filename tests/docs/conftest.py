"""The world of the command line, for pages about pine.toml."""

from tests.cli.conftest import clone, world

__all__ = ["clone", "world"]
