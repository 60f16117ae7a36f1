"""Simulate a process that dies at a chosen call, without starting one."""

from __future__ import annotations

from dataclasses import dataclass, field

EFFECTS = frozenset(("write", "drop", "put", "commit", "keep", "remember", "save_next", "save_new"))
"""The calls that change something: a crash between two of them equals one after the first."""


class Crash(BaseException):
    """The process is dead: nothing in it runs, not even `finally`."""


@dataclass
class Fuse:
    """Counts the calls through it, and burns at one, by number or by name: from then on, all
    calls fail."""

    at: int | str | None = None
    count: int = 0
    burnt: bool = False
    names: list[str] = field(default_factory=list)

    def pass_through(self, name: str) -> None:
        if self.burnt:
            raise Crash
        if name not in EFFECTS:
            return
        self.count += 1
        self.names.append(name)
        if self.at == name or (isinstance(self.at, int) and self.count >= self.at):
            self.burnt = True
            raise Crash


class Fused:
    """An object whose methods go through a fuse."""

    def __init__(self, inner: object, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> object:
        found = getattr(self._inner, name)
        if name.startswith("_") or not callable(found):
            return found

        def call(*args: object, **kwargs: object) -> object:
            self._fuse.pass_through(name)
            return found(*args, **kwargs)

        return call
