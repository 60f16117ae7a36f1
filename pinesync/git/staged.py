"""The inputs of git's hooks: the staged scripts and the repository's workspaces."""

from __future__ import annotations

import os
from pathlib import Path

from pinesync.errors import FileError
from pinesync.git.index import staged_rows
from pinesync.git.objects import read_objects
from pinesync.git.run import run
from pinesync.text.filenames import SUFFIX
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.files.exchange import MAX_FILE


def workspaces(top: Path) -> list[Path]:
    """The folders with a pine.toml that git tracks."""
    _, answer, _ = run(top, "ls-files", "-z", "--", f":(top,glob)**/{MANIFEST}")
    manifests = (top / os.fsdecode(name) for name in answer.split(b"\0") if name)
    return sorted({path.parent for path in manifests if path.is_file()})


def staged_scripts(top: Path) -> dict[str, bytes]:
    """Each .pine file that a commit would add or change, with the bytes that git would store. Runs
    no filter of the repository."""
    rows = staged_rows(top, "--diff-filter=AMT", "--no-relative")
    # Regular files only: a link contains no script.
    blobs = {row.path: row.oid for row in rows if row.path.endswith(SUFFIX) and row.is_plain}
    if not blobs:
        return {}
    stdin = "".join(f"{oid}\n" for oid in blobs.values()).encode()
    _, sizes, _ = run(top, "cat-file", "--batch-check=%(objectsize)", stdin=stdin)
    for name, size in zip(blobs, sizes.split(b"\n"), strict=False):
        if not size.isdigit():
            raise FileError(f"{name}: git does not have the staged content", "run `git fsck`")
        if int(size) > MAX_FILE:
            raise FileError(f"{name}: larger than {MAX_FILE} bytes")
    contents = zip(blobs, read_objects(top, blobs.values()), strict=True)
    return {name: blob[1] for name, blob in contents if blob}
