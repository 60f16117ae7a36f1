"""The git repository around a workspace, where pinesync writes refs and objects of its own: never
the branch, the index or the files of the person.

No hook runs, and no filter that the repository's settings name; nothing is asked of another host.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pinesync.errors import FileError, Misuse
from pinesync.workspace.files.folder import MAX_FILE
from pinesync.workspace.git import objects
from pinesync.workspace.run_git import asked, started

HISTORY = "refs/heads/tradingview/history"
SAVED = "refs/remotes/tradingview/saved"
# A split index would leave a part of it in the repository.
_WHOLE = ("-c", "core.splitIndex=false")
_FILTERS = r"^filter\..*\.(clean|process|required)$"


@dataclass(frozen=True, slots=True)
class Blob:
    """A file as a commit has it: its id, its mode, and what it holds, None where that is more
    than any script."""

    oid: str
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that `root` lies in; `prefix` is root's path in it, with a slash at its
    end, and empty where root is its top."""

    root: Path
    prefix: bytes
    git_dir: Path

    # -- asking --------------------------------------------------------------------------------

    def commit_of(self, revision: str) -> str | None:
        """The commit's id; None where there is none."""
        status, found, _ = self._run("rev-parse", "--verify", "--quiet", revision + "^{commit}")
        return None if status else found.decode("ascii").strip()

    def tree_of(self, revision: str) -> str | None:
        """The id of its files; None where there is no such commit."""
        status, found, _ = self._run("rev-parse", "--verify", "--quiet", revision + "^{tree}")
        return None if status else found.decode("ascii").strip()

    def setting(self, name: str) -> bool | None:
        """A setting that is true or false; None where it is not set, or is neither."""
        status, found, _ = self._run("config", "--type=bool", "--get", name)
        return None if status else found.strip() == b"true"

    def word(self, name: str) -> str | None:
        """A setting of this very repository; None where it has none, whatever the person's say."""
        status, found, _ = self._run("config", "--local", "--get", name)
        return None if status else found.decode("utf-8", "replace").removesuffix("\n")

    def may_be(self, ref: str) -> bool:
        """Whether git takes that as the name of a ref."""
        return not self._run("check-ref-format", ref)[0]

    def refs_below(self, ref: str) -> list[str]:
        """The refs of that name, and those that have it as their folder."""
        found = self.ask("for-each-ref", "--format=%(refname)", ref)
        return found.decode("utf-8", "replace").split()

    def commits_at(self, refs: Sequence[str]) -> dict[str, str]:
        """The commits that these refs are at; those that are not there are left out."""
        form = "--format=%(objecttype) %(objectname) %(refname)"
        rows = self.ask("for-each-ref", form, *refs).decode("utf-8", "replace").splitlines()
        found = (row.split(" ", 2) for row in rows)
        return {ref: oid for kind, oid, ref in found if kind == "commit" and ref in refs}

    def independent(self, commits: Sequence[str]) -> list[str]:
        """Those that lead to none of the others, in their order."""
        if len(commits) < 2:
            return list(commits)
        found = set(self.ask("merge-base", "--independent", *commits).decode("ascii").split())
        return [commit for commit in commits if commit in found]

    def is_checked_out(self, ref: str) -> bool:
        """Whether the branch is what a work tree of the repository stands on."""
        head = self._run("symbolic-ref", "--quiet", "HEAD")[1].decode("utf-8", "replace").strip()
        places = self.ask("for-each-ref", "--format=%(worktreepath)", ref)
        return head == ref or bool(places.strip())

    def is_shallow(self) -> bool:
        return self.ask("rev-parse", "--is-shallow-repository").strip() == b"true"

    def log(self, revision: str, form: str, *more: str) -> list[str]:
        """A line of that form for each commit, the newest first."""
        found = self.ask("log", f"--format={form}", *more, revision, "--")
        return found.decode("utf-8", "replace").removesuffix("\n").split("\n")

    def recorded_in(self, revision: str, most: int) -> list[str]:
        """The newest commits that changed pine.toml."""
        path = "pine.toml"
        found = self.ask("log", "--format=%H", f"--max-count={most}", revision, "--", path)
        return found.decode("ascii").split()

    def blobs(self, commit: str, paths: Sequence[str]) -> dict[str, Blob]:
        """These files of the workspace as the commit has them; those that it lacks are left out."""
        names = [commit.encode() + b":" + self.prefix + path.encode() for path in paths]
        listed = self.ask("cat-file", "--batch-check", stdin=b"".join(n + b"\n" for n in names))
        found: dict[str, Blob] = {}
        read: list[str] = []
        for path, row in zip(paths, listed.splitlines(), strict=True):
            oid, _, kind = row.partition(b" ")
            if kind.startswith(b"blob "):
                found[path] = Blob(oid.decode("ascii"), None)
                if int(kind.removeprefix(b"blob ")) <= MAX_FILE:
                    read.append(path)
        contents = objects(self.root, [found[path].oid for path in read]) if read else []
        for path, one in zip(read, contents, strict=True):
            found[path] = Blob(found[path].oid, one and one[1])
        return found

    # -- writing -------------------------------------------------------------------------------

    def import_stream(self, chunks: Iterable[bytes], *, force: bool = False) -> None:
        """Hand commits to `git fast-import`. Refs move once it has all of them: a stream that
        breaks off moves none. With `force`, also to a commit that the old one does not lead to."""
        words = ["fast-import", "--quiet", "--done", "--date-format=raw"]
        process = started(self.root, *words, *["--force"] * force, hooks=False)
        stdin = cast("IO[bytes]", process.stdin)
        try:
            for chunk in chunks:
                stdin.write(chunk)
        except BrokenPipeError:
            pass  # it tells why
        except BaseException:
            process.kill()
            process.communicate()
            raise
        said = process.communicate()[1]
        if process.returncode:
            raise _failed("fast-import", said.decode("utf-8", "replace"))

    def as_stored(self, files: Mapping[str, bytes]) -> dict[str, str]:
        """The ids of blobs that hold these files as `git add` would store them, line ends and
        all, but for filters that are programs. They are in the repository then."""
        names = {self.prefix + path.encode(): path for path in files}
        with tempfile.TemporaryDirectory(prefix="pinesync-tracking-") as folder:
            tree = Path(folder) / "tree"
            for name, path in names.items():
                place = tree / os.fsdecode(name)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(files[path])
            for name, held in self._attributes(names).items():
                (tree / os.fsdecode(name)).write_bytes(held)
            index = {
                "GIT_DIR": str(self.git_dir),
                "GIT_WORK_TREE": str(tree),
                "GIT_INDEX_FILE": str(Path(folder) / "index"),
            }
            # With the attributes that HEAD has where there is no file of them here: git looks for
            # them in the index, too.
            if self.commit_of("HEAD"):
                self.ask(*_WHOLE, "read-tree", "HEAD", env=index)
            env = {**index, **self._no_filters()}
            listed = b"".join(name + b"\0" for name in names)
            add = ("update-index", "--add", "--replace", "-z", "--stdin")
            self.ask(*_WHOLE, *add, stdin=listed, env=env, cwd=tree)
            staged = self.ask("ls-files", "--stage", "-z", env=index, cwd=tree)
        rows = (row.partition(b"\t") for row in staged.split(b"\0") if row)
        return {names[name]: head.split()[1].decode() for head, _, name in rows if name in names}

    def move(self, ref: str, commit: str, why: str) -> None:
        """Let the ref be that commit, wherever it was."""
        self.ask("update-ref", "-m", why, ref, commit)

    def bring_on(self, ref: str, commit: str, before: str | None, why: str) -> None:
        """Let the ref be that commit, where it is what it was, None for nothing. FileError where
        somebody moved it since."""
        self.ask("update-ref", "-m", why, ref, commit, before or "0" * len(commit))

    def begin(self, commit: str) -> None:
        """The first branch of a fresh repository begins at this commit, whose files are there."""
        self.ask("update-ref", "-m", "pinesync: clone", "HEAD", commit)
        self.ask("reset", "--quiet")

    # -- below ---------------------------------------------------------------------------------

    def ask(
        self,
        *words: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> bytes:
        """What git answers. FileError where it fails."""
        status, answer, said = self._run(*words, stdin=stdin, env=env, cwd=cwd)
        if status:
            raise _failed(next(w for w in words if w in _COMMANDS), said)
        return answer

    def _run(
        self,
        *words: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> tuple[int, bytes, str]:
        return asked(cwd or self.root, *words, given=stdin, env=env, hooks=False)

    def _attributes(self, names: Iterable[bytes]) -> dict[bytes, bytes]:
        """What git reads beside these files and above them, committed or not."""
        top = Path(os.path.normpath(self.root / ("../" * self.prefix.count(b"/"))))
        folders = {folder for name in names for folder in Path(os.fsdecode(name)).parents}
        found = {}
        for folder in folders:
            file = top / folder / ".gitattributes"
            if file.is_file() and not file.is_symlink() and file.stat().st_size <= MAX_FILE:
                found[os.fsencode(folder / ".gitattributes")] = file.read_bytes()
        return found

    def filters(self) -> frozenset[str]:
        """Their names, where a program is set for them."""
        return frozenset(key.removeprefix("filter.").rpartition(".")[0] for key in self._filters())

    def _filters(self) -> dict[str, None]:
        found = self._run("config", "--null", "--name-only", "--get-regexp", _FILTERS)[1]
        return dict.fromkeys(os.fsdecode(key) for key in found.split(b"\0") if key)

    def _no_filters(self) -> dict[str, str]:
        """Settings that take the programs out of every filter: an empty one changes nothing."""
        keys = self._filters()
        env = {"GIT_CONFIG_COUNT": str(len(keys))}
        for number, key in enumerate(keys):
            env[f"GIT_CONFIG_KEY_{number}"] = key
            env[f"GIT_CONFIG_VALUE_{number}"] = "false" if key.endswith(".required") else ""
        return env


_COMMANDS = frozenset(
    "for-each-ref rev-parse log cat-file read-tree update-index ls-files update-ref reset "
    "merge-base".split()
)


def repository_of(root: Path) -> Repository | None:
    """The repository around the folder, None where there is none. FileError where git will not
    look into it."""
    words = ("rev-parse", "--is-inside-work-tree", "--absolute-git-dir", "--show-prefix")
    status, answer, said = asked(root, *words, hooks=False)
    if status:
        if not any((folder / ".git").exists() for folder in (root, *root.parents)):
            return None
        raise _failed("rev-parse", said)
    inside, git_dir, prefix = answer.removesuffix(b"\n").split(b"\n", 2)
    if b"\n" in prefix:
        raise FileError(f"{root}: git cannot be asked of files in a folder with such a name")
    return Repository(root, prefix, Path(os.fsdecode(git_dir))) if inside == b"true" else None


def make_repository(root: Path) -> Repository:
    """A fresh repository in the folder."""
    status, _, said = asked(root, "init", "--quiet", hooks=False)
    made = None if status else repository_of(root)
    if made is None:
        raise _failed("init", said)
    return made


def needs_repository(root: Path) -> Repository:
    """The repository around the folder. Misuse where there is none."""
    found = repository_of(root)
    if found is None:
        raise Misuse(
            f"{root}: not in a git repository",
            "`git init` makes one of the folder; then run the command again",
        )
    return found


def _failed(what: str, said: str) -> FileError:
    why = said.strip().partition("\n")[0] or "it does not say why"
    return FileError(f"git {what} failed: {why}", "`git fsck` and `git status` tell more")
