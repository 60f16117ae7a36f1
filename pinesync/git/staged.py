"""What git's hooks check: the staged scripts, and the workspaces of a repository."""

from __future__ import annotations

import os
from pathlib import Path

from pinesync.errors import FileError
from pinesync.git.objects import read_objects
from pinesync.git.run import ask, run
from pinesync.naming import SUFFIX
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.files.folder import MAX_FILE


def workspaces(top: Path) -> list[Path]:
    """The folders with a pine.toml that git keeps."""
    _, answer, _ = run(top, "ls-files", "-z", "--", f":(top,glob)**/{MANIFEST}")
    found = (top / os.fsdecode(name) for name in answer.split(b"\0") if name)
    return sorted({path.parent for path in found if path.is_file()})


def staged_scripts(top: Path) -> dict[str, bytes]:
    """Each .pine file that a commit would add or change, with the bytes that git would store: no
    filter of the repository is run for them."""
    wanted = ("--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--diff-filter=AMT")
    more = ("--no-ext-diff", "--ignore-submodules=all", "--no-relative")
    fields = ask(top, "diff", *wanted, *more).split(b"\0")
    pairs = zip(fields[::2], fields[1::2], strict=False)
    rows = ((os.fsdecode(name), row.split(b" ")) for row, name in pairs)
    # A plain file alone: a link of that name has no script in it.
    blobs = {n: r[3].decode("ascii") for n, r in rows if n.endswith(SUFFIX) and r[1][:2] == b"10"}
    if not blobs:
        return {}
    stdin = "".join(f"{oid}\n" for oid in blobs.values()).encode()
    _, sizes, _ = run(top, "cat-file", "--batch-check=%(objectsize)", stdin=stdin)
    for name, size in zip(blobs, sizes.split(b"\n"), strict=False):
        if not size.isdigit():
            raise FileError(f"{name}: git has not got what is staged", "run `git fsck`")
        if int(size) > MAX_FILE:
            raise FileError(f"{name}: larger than {MAX_FILE} bytes")
    held = zip(blobs, read_objects(top, blobs.values()), strict=True)
    return {name: found[1] for name, found in held if found}
