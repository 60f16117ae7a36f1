"""The commits of a fetch: deleted, renamed and saved scripts on top of a tip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pinesync.app.git_remote.remote import GitRemote
from pinesync.git.fast_import import NewCommit
from pinesync.git.refs.history import stored_text
from pinesync.git.refs.remote_branch import Tip, last_date
from pinesync.model import Entry, RelPath
from pinesync.sync.commit_plan import Commit, one_line, title_of
from pinesync.sync.engine.lifecycle import own_versions
from pinesync.sync.ports import Ports
from pinesync.text.canonical import encode_like
from pinesync.workspace import manifest
from pinesync.workspace.manifest import Settings


class CommitWriter:
    """Makes the commits on top of a tip, one after another; `blobs` are the texts in them."""

    def __init__(self, remote: GitRemote, ports: Ports, tip: Tip, settings: Settings) -> None:
        self._ports = ports
        self._tip_blobs = remote.repository.blobs(tip.commit, list(tip.entries))
        self._contents = {path: blob.data for path, blob in self._tip_blobs.items()}
        self._when = last_date(remote.repository, tip)
        self._bases = {e.pine_id: e.base for e in tip.entries.values() if e.base}
        recorded = manifest.apply(tip.text, _changes(tip), settings)
        self._text, self._manifest = recorded
        self.blobs: list[bytes] = []

    def deleted(self, entry: Entry) -> NewCommit:
        subject = f"Delete {title_of(one_line(entry.name))}\n"
        return self._commit(self._when, subject, {entry.path: None})

    def renamed(self, old: Entry, new: Entry) -> NewCommit:
        subject = f"Rename {title_of(one_line(old.name))} to {title_of(one_line(new.name))}\n"
        files: dict[RelPath, str | int] = {}
        if old.path in self._tip_blobs and old.path != new.path:
            files[new.path] = self._tip_blobs[old.path].oid
            self._contents[new.path] = self._contents.pop(old.path)
        return self._commit(self._when, subject, {old.path: None, new.path: new}, files)

    def saved(self, commit: Commit, before: Entry | None) -> NewCommit:
        """The commit of a version. Its base lists the versions that others saved since the tip."""
        info, path = commit.info, commit.entry.path
        base = self._bases.get(info.pine_id)
        ours = own_versions(self._ports.log, info.pine_id)
        base = base.moved(info.version, info.digest, ours) if base else commit.entry.base
        assert base
        self._bases[info.pine_id] = base
        text = stored_text(info, self._ports.texts.text_of).decode()
        self._contents[path] = encode_like(text, self._contents.get(path))
        self.blobs.append(self._contents[path] or b"")
        entry = replace(commit.entry, base=base, shadowed=before.shadowed if before else None)
        gone: dict[RelPath, Entry | None] = dict.fromkeys(commit.dropped)
        return self._commit(
            info.when, commit.message, {**gone, path: entry}, {path: len(self.blobs)}
        )

    def _commit(
        self,
        when: int,
        message: str,
        changes: Mapping[RelPath, Entry | None],
        files: Mapping[RelPath, str | int] | None = None,
    ) -> NewCommit:
        files = files or {}
        self._text, self._manifest = manifest.apply(self._text, changes, None, self._manifest)
        removed = [p for p, e in changes.items() if e is None and p not in files]
        return NewCommit(when, message, self._text, files, removed)


def _changes(tip: Tip) -> dict[RelPath, Entry | None]:
    """The changes from the pine.toml of the tip's commit to the tip's entries."""
    named = manifest.parse(tip.text).entries
    gone: dict[RelPath, Entry | None] = {p: None for p in named if p not in tip.entries}
    return {**gone, **tip.entries}
