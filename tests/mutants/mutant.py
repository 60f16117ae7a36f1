"""A mutant, and how to insert it into a running process."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from inspect import getattr_static
from types import ModuleType
from typing import Any

CHOSEN = "MUTANT"
"""The variable that names the rule which the child process is to do without."""


@dataclass(frozen=True)
class Mutant:
    """`rule` is what is taken out. `promise` are the promises that it keeps, by their numbers in
    docs/promises.toml, rules of security as S1. `targets` are `module:attribute`, several where
    one rule is kept in several places; `patch` takes what is there and gives what takes its place.
    Each of `tests`, a file or a single test, must fail."""

    rule: str
    promise: str
    targets: str
    patch: Callable[[Any], Any]
    tests: tuple[str, ...]


class Unfit(Exception):
    """The mutant does not fit the code any more."""


def found(target: str) -> tuple[Any, str, Any]:
    """Return the module or class, the name in it, and its value. Raise Unfit if the name does not
    exist."""
    module, _, path = target.partition(":")
    try:
        owner: Any = import_module(module)
        *outer, name = path.split(".")
        for step in outer:
            owner = getattr(owner, step)
        return owner, name, getattr_static(owner, name)
    except (ImportError, AttributeError) as error:
        raise Unfit(f"there is no {target}: {error}") from error


def replacements(mutant: Mutant) -> Iterator[tuple[Any, str, Any, Any]]:
    """Yield the place of each target, its value, and the replacement. Raise Unfit if both are
    equal."""
    for target in mutant.targets.split():
        owner, name, original = found(target)
        instead = mutant.patch(original)
        if instead is original or instead == original:
            raise Unfit(f"{target} stays what it is")
        yield owner, name, original, instead


def giving(value: Any) -> Callable[[Any], Any]:
    """A patch: the function does nothing and returns this value."""
    return lambda _original: lambda *_args, **_options: value


def install(mutant: Mutant) -> None:
    """Insert it wherever the original is already imported; later imports get it anyway. A name
    that a module only imported is replaced in that module alone."""
    for place in replacements(mutant):
        _put(*place)


def _put(owner: Any, name: str, original: Any, instead: Any) -> None:
    setattr(owner, name, instead)
    named = getattr(original, "__module__", None)
    if not isinstance(owner, ModuleType) or named not in (None, owner.__name__):
        return
    for module in list(sys.modules.values()):
        if module.__name__.startswith(("pinesync", "tests")):
            for attribute, value in list(vars(module).items()):
                # Equal numbers are one object, so a value is also identified by its name.
                if value is original and (named or attribute == name):
                    setattr(module, attribute, instead)
