"""What keeps the history whole, and an undo from losing anything."""

from __future__ import annotations

from tests.mutants.breakages import Mutant

HISTORY = (
    Mutant(
        "times of versions never go back",
        "pinesync/sync/execute/history.py",
        "when=max(info.when, latest)",
        "when=info.when",
        ("tests/sync/test_history.py",),
    ),
    Mutant(
        "times are believed for the same versions alone",
        "pinesync/sync/execute/history.py",
        "    return found if set(_up_to(last)) <= found.keys() else {}",
        "    return found",
        ("tests/sync/test_history.py",),
    ),
    Mutant(
        "a text that was lost here is read again",
        "pinesync/sync/execute/history.py",
        "    return held is not None and workspace.text_of(held) is not None",
        "    return held is not None",
        ("tests/sync/test_history.py", "tests/cli/test_saves.py"),
    ),
    Mutant(
        "a dead session is no empty history",
        "pinesync/commands/past.py",
        "        prove_session(self._client, tracked, found, self._project.scope().account)\n",
        "",
        ("tests/cli/test_saves.py",),
    ),
    Mutant(
        "an undo leaves a file that was edited since",
        "pinesync/commands/undo.py",
        "        if file and self._digest(path) != file.after:",
        "        if False:",
        ("tests/cli/test_undo.py",),
    ),
    Mutant(
        "an undo leaves an entry that says something else by now",
        "pinesync/commands/undo.py",
        "        if change and self._project.folder.entries().get(path) != change.after:",
        "        if False:",
        ("tests/cli/test_undo.py",),
    ),
    Mutant(
        "an undo saves nothing over what came since",
        "pinesync/commands/undo.py",
        "    if entry.base is None or entry.base.version != save.version:",
        "    if False:",
        ("tests/cli/test_undo.py",),
    ),
    Mutant(
        "what was taken back is not taken back again",
        "pinesync/sync/operations.py",
        "        if operation.undoes and operation.key not in found:\n",
        "        if False:\n",
        ("tests/cli/test_undo.py",),
    ),
    Mutant(
        "an operation that cannot be logged fails no push",
        "pinesync/commands/project.py",
        "                with suppress(PinesyncError):\n",
        "                if True:\n",
        ("tests/cli/test_undo.py",),
    ),
    Mutant(
        "what a killed run did is in the log of the next",
        "pinesync/workspace/folder.py",
        "        if done:\n            self.journal.wrote",
        "        if False:\n            self.journal.wrote",
        ("tests/cli/test_undo.py",),
    ),
    Mutant(
        "an entry that is replaced where it stands is read back",
        "pinesync/workspace/manifest.py",
        "        return _proved(text, after)\n    except (ManifestError, AssertionError):",
        "        return text\n    except (ManifestError, AssertionError):",
        ("tests/workspace/test_manifest.py",),
    ),
)
