"""The three-way merge of texts, by `git merge-file`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pinesync.errors import FileError
from pinesync.git.run import run
from pinesync.sync.ports import Merged

_MAX_CONFLICTS = 127
_LABELS = ("-L", "ours", "-L", "base", "-L", "theirs (TradingView)")


def merge(base: str, local: str, remote: str) -> Merged:
    """Merge canonical texts. Editors recognize the conflict markers."""
    try:
        with tempfile.TemporaryDirectory(prefix="pinesync-merge-") as folder:
            for side, text in (("local", local), ("base", base), ("remote", remote)):
                (Path(folder) / side).write_bytes(text.encode("utf-8"))
            words = ("merge-file", "-p", "--diff3", *_LABELS, "local", "base", "remote")
            # Do not search for a repository: anybody can create one in /tmp.
            status, merged, stderr = run(Path(folder), *words, env={"GIT_DIR": os.devnull})
    except OSError as error:
        raise FileError(f"git cannot merge: {error.strerror}", "is there room?") from error
    # The status is the number of conflicts. A larger one means that git failed.
    if not 0 <= status <= _MAX_CONFLICTS:
        raise FileError(f"git cannot merge: {stderr}", "both texts are unchanged")
    return Merged(merged.decode("utf-8"), status > 0)
