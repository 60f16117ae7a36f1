"""`repair`: a pine.toml that git left with conflict markers is merged, script by script."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pinesync.clock import now
from pinesync.commands.project import Setup, folder_at
from pinesync.errors import FileError, ManifestError
from pinesync.model import Digest, RelPath
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.text import Unreadable, decode, digest
from pinesync.workspace import manifest, manifest_merge
from pinesync.workspace.files import MANIFEST, Tree
from pinesync.workspace.lock import writing
from pinesync.workspace.manifest_merge import MergedManifest, Taken
from pinesync.workspace.state.store import new_key
from pinesync.workspace.workspace import find_root


@dataclass(frozen=True, slots=True)
class Repair:
    """What was decided for each script on which the two sides differed; `kept` is the file that
    has the text with the markers. `needed` is False where there was nothing to mend."""

    file: Path
    needed: bool
    scripts: tuple[Taken, ...] = ()
    kept: Path | None = None
    dry_run: bool = False
    exit_code: int = 0


def repair(setup: Setup, *, dry_run: bool = False) -> Repair:
    """Mend the pine.toml of this folder. ManifestError, and nothing is touched, where that takes
    a person."""
    root = find_root(setup.cwd)
    tree = Tree(root)
    data = tree.read(MANIFEST) or b""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(f"not UTF-8 (at byte {error.start})", "restore it from git") from None
    if not manifest_merge.has_markers(text) or _is_usable(text):
        manifest.parse(text)
        return Repair(root / MANIFEST, needed=False, dry_run=dry_run)
    merged = manifest_merge.merge(text, lambda path: _held(tree, path))
    kept = None if dry_run else _write(setup, tree, data, text, merged)
    return Repair(root / MANIFEST, needed=True, scripts=merged.taken, kept=kept, dry_run=dry_run)


def _is_usable(text: str) -> bool:
    """Whether the markers only stand in a text of several lines."""
    try:
        manifest.parse(text)
    except ManifestError:
        return False
    return True


def _held(tree: Tree, path: RelPath) -> Digest | None:
    try:
        data = tree.read(path)
        return None if data is None else digest(decode(data))
    except (Unreadable, FileError):
        return None


def _write(setup: Setup, tree: Tree, data: bytes, text: str, merged: MergedManifest) -> Path:
    """The text with the markers is kept before it leaves the folder."""
    state = folder_at(setup, tree.root, merged.manifest.settings.id).state
    with writing(state.folder):
        kept = state.texts.file_of(state.texts.keep(text))
        try:
            tree.write_manifest(merged.text.encode(), data, new_key(now().wall))
        except ChangedMeanwhile:
            raise FileError(
                f"{MANIFEST}: the file changed at this moment", "run the command again"
            ) from None
    return kept
