"""Folders of the checkout that the wheel has inside the package."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path


def package_data(folder: str) -> Traversable:
    """The folder in the installed package, else in the checkout."""
    inside = resources.files("pinesync") / folder
    return inside if inside.is_dir() else Path(__file__).parents[2] / folder
