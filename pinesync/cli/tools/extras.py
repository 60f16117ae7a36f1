"""Libraries that only some verbs need, and only an extra installs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pinesync.errors import Misuse


@contextmanager
def needing(what: str, requirement: str, extra: str, *modules: str) -> Iterator[None]:
    """For the import of a library: Misuse with the command that installs it if one of its
    `modules` is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in modules:
            raise
        raise Misuse(
            f"{what} needs a library that is not installed",
            f"run `pipx inject pinesync '{requirement}'`, or in a checkout of pinesync "
            f"`uv tool install --force '.[{extra}]'` or `pip install '.[{extra}]'`",
        ) from None
