"""`repair`: merge a pine.toml that git left with conflict markers, script by script."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from pinesync.app.project import Setup, ports_of, workspace_at
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.cli.render import echo_err, emit_json, out
from pinesync.clock import now
from pinesync.errors import FileError, ManifestError
from pinesync.model import Digest, RelPath
from pinesync.sync.engine.transaction import transaction
from pinesync.sync.ports import ChangedMeanwhile, Remote
from pinesync.text.canonical import Unreadable, decode, digest
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls
from pinesync.workspace import manifest, manifest_merge
from pinesync.workspace.files import MANIFEST, Tree
from pinesync.workspace.manifest_merge import MergedManifest, Resolution
from pinesync.workspace.state.store import new_key
from pinesync.workspace.workspace import find_root


@click.command("repair", cls=Verb, examples=["pinesync repair --dry-run", "pinesync repair"])
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be chosen; change nothing.")
@shared
def command(dry_run: bool) -> int:
    """Fix a pine.toml that a git merge left with conflict markers.

    The scripts of both sides are kept. If the two sides are based on different versions of a
    script, the older one is taken, unless the file has exactly the newer one's text: an older base
    only costs a merge. The text with the markers is kept on this machine.
    """
    result = repair(build_setup(), dry_run=dry_run)
    if emit_json("repair", result):
        return result.exit_code
    if not result.needed:
        echo_err("pine.toml is valid: nothing to repair")
        return result.exit_code
    for script in result.scripts:
        taken = script.version or "not saved yet"
        other = f", not {script.other}" if script.other and script.other != script.version else ""
        out(f"{escape_controls(script.path)}  {taken}{other}: {escape_controls(script.why)}")
    scripts = pluralize(len(result.scripts), "script")
    out(f"{scripts} to settle" if dry_run else f"pine.toml is merged, {scripts} settled")
    if result.kept:
        echo_err(f"the text with the markers is backed up in {escape_controls(str(result.kept))}")
        echo_err(
            "hint: `git add pine.toml` and finish the merge; `pinesync status` shows what is left"
        )
    return result.exit_code


@dataclass(frozen=True, slots=True)
class Repair:
    """The decision for each script on which the two sides differ. `kept` is the backup of the text
    with markers; `needed` is False if there was nothing to repair."""

    file: Path
    needed: bool
    scripts: tuple[Resolution, ...] = ()
    kept: Path | None = None
    dry_run: bool = False
    exit_code: int = 0


def repair(setup: Setup, *, dry_run: bool = False) -> Repair:
    """Repair this folder's pine.toml. ManifestError, with nothing changed, if it takes a person."""
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
    backup = None if dry_run else _write(setup, tree, data, text, merged)
    return Repair(root / MANIFEST, needed=True, scripts=merged.taken, kept=backup, dry_run=dry_run)


def _is_usable(text: str) -> bool:
    """Whether the text is a valid pine.toml whose markers are only inside a multi-line string."""
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
    """Back up the text with the markers before replacing it."""
    workspace = workspace_at(setup, tree.root, merged.manifest.settings.id)
    with transaction(ports_of(setup, workspace, _no_remote), "repair", finish=False):
        backup = workspace.texts.file_of(workspace.texts.keep(text))
        try:
            tree.write_manifest(merged.text.encode(), data, new_key(now().wall))
        except ChangedMeanwhile:
            raise FileError(
                f"{MANIFEST}: the file has just changed", "run the command again"
            ) from None
    return backup


def _no_remote() -> Remote:
    raise AssertionError("a repair sends no request")
