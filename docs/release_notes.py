"""The notes of a release, from CHANGELOG.md (`make release-notes VERSION=1.2.3`)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pinesync import __version__

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"


def release_notes(changelog: str, version: str) -> str:
    """The section of a version, as a release page shows it: there, a line break is one, and a
    relative link leads nowhere. Raises ValueError if the changelog does not have the version."""
    heading = re.compile(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n", re.MULTILINE)
    found = heading.search(changelog)
    if found is None:
        raise ValueError(f"CHANGELOG.md has no section [{version}] with a date")
    section = re.split(r"^(?:## |\[[^\]]+\]: )", changelog[found.end() :], flags=re.MULTILINE)[0]
    joined = re.sub(r"(?<=\S)\n[ \t]*(?=[^\s#*-])", " ", section)
    return re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]+\)", r"\1", joined).strip() + "\n"


def main(version: str) -> None:
    if version != __version__:
        sys.exit(f"VERSION is {version or 'missing'}, and pinesync/__init__.py has {__version__}")
    try:
        sys.stdout.write(release_notes(CHANGELOG.read_text(encoding="utf-8"), version))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
