"""`init`: make an existing folder a workspace, link its files to saved scripts, and add the files
that a team or an agent needs. Long because these three share one result, which is printed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from pinesync.app import workspace_templates as templates
from pinesync.app.project import (
    DEFAULT_REMOTE,
    Setup,
    find_project,
    open_remote,
    ports_of,
    project_at,
    workspace_at,
)
from pinesync.app.sync import matching
from pinesync.app.sync.clone import new_settings
from pinesync.app.sync.matching import LocalFile, Match
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, jobs, remote_options, shared
from pinesync.cli.render import columns, echo_err, emit_json, out
from pinesync.errors import Misuse
from pinesync.model import Entry, PineId, RelPath, ScriptInfo, Version
from pinesync.sync.engine.account import read_account
from pinesync.sync.engine.version_texts import read_text
from pinesync.sync.ports import Ports
from pinesync.text.canonical import Unreadable, digest
from pinesync.text.filenames import BadPath, check_path, shell_quote, unescape_name
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls
from pinesync.workspace.files import MANIFEST, Tree, make_file, make_folder
from pinesync.workspace.manifest import Manifest, dump_new
from pinesync.workspace.workspace import Workspace


@click.command(
    "init",
    cls=Verb,
    examples=[
        *("pinesync init --link --dry-run", "pinesync init --link"),
        *("pinesync init --template team", "pinesync init --template agent"),
    ],
)
@click.argument("directory", metavar="[DIR]", default=".")
@click.option("--link", is_flag=True, help="Match existing files with your saved scripts.")
@click.option(
    "--template",
    type=click.Choice(["team", "agent"]),
    help="Add the files that a team or an AI agent needs.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be matched and written.")
@remote_options
@jobs
@shared
def command(
    directory: str,
    link: bool,
    template: str | None,
    dry_run: bool,
    remote: str | None,
    jobs: int,
) -> int:
    """Make this folder, or DIR, a workspace.

    With --link, existing files are matched with saved scripts: by text, then by name, then by
    title. --template team adds .gitignore, .gitattributes, a pre-commit configuration, tasks for
    VS Code and a workflow for GitHub, --template agent AGENTS.md and settings for `pinesync mcp`,
    also to an existing workspace. Existing files do not change.
    """
    if dry_run and not (link or template):
        raise click.UsageError("--dry-run goes with --link or --template.")
    setup = build_setup(jobs=jobs)
    result = init(setup, directory, remote=remote, link=link, template=template, dry_run=dry_run)
    if emit_json("init", result):
        return result.exit_code
    rows = [
        (
            escape_controls(match.path),
            escape_controls(match.name),
            f"by {match.by}",
            str(match.version)
            if match.version == match.newest
            else f"{match.version or 'another text'} → {match.newest}",
        )
        for match in result.linked
    ]
    for row in columns(rows):
        out(row)
    fits = {unsure.path: len(unsure.pine_ids) for unsure in result.unsure}
    for path in result.unlinked:
        out(f"{escape_controls(path)}: {_unlinked(path, fits.get(path, 0))}")
    for raw, why in result.unusable:
        echo_err(f"{escape_controls(raw)}: {escape_controls(why)}")
    if result.left:
        has, them = ("has", "it") if len(result.left) == 1 else ("have", "them")
        scripts = pluralize(len(result.left), "saved script")
        echo_err(f"{scripts} {has} no file here; `pinesync pull` writes {them}")
    _print_files(result, template is not None)
    return result.exit_code


def _print_files(result: Initialized, template: bool) -> None:
    folder = escape_controls(str(result.folder))
    if template:
        for path in result.written:
            out(f"{'to write' if result.dry_run else 'written'}  {path}")
        for path in result.already_there:
            echo_err(f"{path}: exists, left as it is")
    elif not result.dry_run:
        out(f"pine.toml written in {folder}")
    if result.below:
        echo_err(f"the repository begins above {folder}")
        echo_err("hint: move .github and .pre-commit-config.yaml to its root")
    if result.dry_run:
        echo_err("nothing was written")
    elif "pine.toml" in result.written:
        before = "after `pinesync login`, " if result.remote == "tradingview" else ""
        echo_err(f"hint: {before}`pinesync status` shows how the files and TradingView differ")


def _unlinked(path: str, fits: int) -> str:
    if not fits:
        return "no saved script matches; `pinesync add` lists it for the next push"
    which = (
        f"{fits} saved scripts fit"
        if fits > 1
        else "a saved script matches, but so does another file"
    )
    return f"{which}; `pinesync add --id ID {escape_controls(shell_quote(path))}` links one"


@dataclass(frozen=True, slots=True)
class Linked:
    """A file linked to a saved script: how the match was found, the version the file is based on,
    and the newest version. Without a base version (None), a pull merges the two."""

    path: RelPath
    name: str
    pine_id: str
    by: str
    version: Version | None
    newest: Version


@dataclass(frozen=True, slots=True)
class Unsure:
    """An unlinked file and its candidate scripts: there are several, or another file matches as
    well."""

    path: RelPath
    pine_ids: tuple[PineId, ...]


@dataclass(frozen=True, slots=True)
class Initialized:
    """The workspace. `unlinked` files match no script or, if `unsure`, not exactly one; `left` are
    scripts without a file, `unusable` files that cannot be tracked, each with the reason. Of a
    template's files, some were `written` and some `already_there` and left unchanged. `below` is
    the workspace's path in a repository that begins above it."""

    folder: Path
    remote: str
    linked: tuple[Linked, ...] = ()
    unlinked: tuple[RelPath, ...] = ()
    unsure: tuple[Unsure, ...] = ()
    left: tuple[str, ...] = ()
    unusable: tuple[tuple[str, str], ...] = ()
    written: tuple[str, ...] = ()
    already_there: tuple[str, ...] = ()
    below: str = ""
    dry_run: bool = False
    exit_code: int = 0


def init(
    setup: Setup,
    directory: str = ".",
    *,
    remote: str | None = None,
    link: bool = False,
    template: str | None = None,
    dry_run: bool = False,
) -> Initialized:
    """Write a pine.toml. With `link`, match existing files with the account's scripts. With
    `template`, write its files as well; an existing workspace accepts nothing else. Changes no
    existing file and sends nothing."""
    root = (setup.cwd / directory).absolute()
    files = templates.template_files(template) if template else {}
    if (root / MANIFEST).exists():
        if not template or link:
            raise _already_a_workspace(root)
        theirs = project_at(setup, root).settings.remote
        if remote not in (None, theirs):
            raise Misuse(
                f"{root}: this workspace is of {theirs}, not of {remote}",
                "a template needs no remote: leave that option out",
            )
        begun = Initialized(root, theirs, dry_run=dry_run)
        return _with_files(begun, files, already=(MANIFEST,))
    around = find_project(setup) if directory == "." else None
    if around and not around.workspace.root.samefile(root):
        raise Misuse(
            f"{root}: in the workspace {around.workspace.root}",
            "run it there, or name a folder: `pinesync init DIR`",
        )
    settings = new_settings(remote or DEFAULT_REMOTE)
    folder = workspace_at(setup, root, settings.id)
    done = Initialized(root, settings.remote, dry_run=dry_run)
    entries: dict[RelPath, Entry] = {}
    if link:
        if not root.is_dir():
            raise Misuse(f"{root}: no such folder", "`pinesync clone` creates a new one")
        client = open_remote(setup, settings.remote)
        ports = ports_of(setup, folder, lambda: client)
        account_state = read_account(client, named=True)
        if account_state.account:
            settings = settings.pinned(account_state.account)
        done, entries = _link(ports, folder, tuple(account_state.scripts.values()), done)
    done = _with_files(done, files)
    if not dry_run:
        make_folder(root)
        text = dump_new(Manifest(settings, entries))
        if not make_file(folder.tree.files, MANIFEST, text.encode("utf-8")):
            raise _already_a_workspace(root)
    return replace(done, written=(MANIFEST, *done.written))


def _already_a_workspace(root: Path) -> Misuse:
    return Misuse(
        f"{root}: already a workspace (it has a {MANIFEST})",
        "`pinesync add PATH` lists files, `pinesync add --id` links one",
    )


def _with_files(
    done: Initialized, files: dict[str, bytes], already: tuple[str, ...] = ()
) -> Initialized:
    """Write the template's files and keep existing ones. `below` is this folder's path in its
    repository: git and its hosts read some files only at the top level."""
    tree = Tree(done.folder)
    below = templates.path_in_repository(done.folder) if ".pre-commit-config.yaml" in files else ""
    written, taken = templates.split_existing(tree, tuple(files))
    if files and not done.dry_run:
        make_folder(done.folder)
        written = templates.write_files(tree, {path: files[path] for path in written})
        taken = tuple(path for path in files if path not in written)
    return replace(done, written=written, already_there=already + taken, below=below)


def _link(
    ports: Ports, folder: Workspace, listed: Sequence[ScriptInfo], done: Initialized
) -> tuple[Initialized, dict[RelPath, Entry]]:
    files, unusable = _files(folder)
    texts = ports.tools.parallel(
        lambda info: digest(read_text(ports, (info.pine_id, info.version))),
        listed,
    )
    digests = {info.pine_id: text for info, text in zip(listed, texts, strict=True)}
    matches = matching.match(files, listed, digests)
    local = {file.path: file for file in files}
    entries = {m.path: _entry(ports, m, local[m.path]) for m in matches}
    linked = tuple(_linked(m, entries[m.path]) for m in matches)
    taken = {m.info.pine_id for m in matches}
    unlinked = tuple(path for path in local if path not in entries)
    unsure = (Unsure(p, matching.candidates(local[p], listed, digests, matches)) for p in unlinked)
    return replace(
        done,
        linked=linked,
        unlinked=unlinked,
        unsure=tuple(candidate for candidate in unsure if candidate.pine_ids),
        left=tuple(sorted(unescape_name(i.name) for i in listed if i.pine_id not in taken)),
        unusable=tuple(unusable),
    ), entries


def _files(folder: Workspace) -> tuple[list[LocalFile], list[tuple[str, str]]]:
    files: list[LocalFile] = []
    unusable: list[tuple[str, str]] = []
    for raw in sorted(folder.tree.scripts()):
        try:
            path = check_path(raw)
            files.append(matching.read_local_file(path, folder.tree.read(path) or b""))
        except (BadPath, Unreadable) as error:
            unusable.append((raw, str(error)))
    return files, unusable


def _entry(ports: Ports, match: Match, here: LocalFile) -> Entry:
    base = matching.find_base(ports, match.info, here.text)
    return Entry(match.path, unescape_name(match.info.name), match.info.pine_id, base)


def _linked(match: Match, entry: Entry) -> Linked:
    return Linked(
        match.path,
        entry.name,
        match.info.pine_id,
        match.by,
        entry.base.version if entry.base else None,
        match.info.version,
    )
