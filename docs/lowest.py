"""The oldest versions of the runtime dependencies, as pip's constraints (`make lowest`)."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def lowest() -> list[str]:
    """`name==version` for each dependency of pyproject.toml, and for the SDK of `pinesync mcp`."""
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["mcp"]]
    return [re.sub(r"^([\w-]+)>=([\d.]+).*$", r"\1==\2", one) for one in named]


if __name__ == "__main__":
    print("\n".join(lowest()))
