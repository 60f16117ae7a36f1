"""With any editor, each save is one upload of the whole text."""

import errno
import shutil
import subprocess

import pytest

from pinesync.watch.events import Began
from tests.watch.conftest import Watching
from tests.watch.editors import CALLS, LAST, Save, at_terminal, brisk, check_uploads, fence
from tests.world import LONGER, SLOWER, TREND, TREND_PATH

# -- editors at a terminal ------------------------------------------------------------------------

_VIM_SETS = (
    "backupcopy=yes",
    "backupcopy=no",
    "backupcopy=auto backup backupdir=.",
    "backupcopy=no backup backupdir=. patchmode=.orig",
    "backupcopy=yes backup backupdir=. writebackup",
    "nowritebackup noswapfile",
)


def installed(*programs: str) -> list[pytest.ParameterSet]:
    return [
        pytest.param(
            program,
            marks=pytest.mark.skipif(
                not shutil.which(program), reason=f"needs the program {program}"
            ),
        )
        for program in programs
    ]


@pytest.mark.promise(32)
@pytest.mark.parametrize("sets", _VIM_SETS)
@pytest.mark.parametrize("vim", installed("vim", "nvim"))
def test_a_save_in_vim_is_one_upload(watching: Watching, vim: str, sets: str) -> None:
    keys = (":$put ='plot(close)'\r:w\r", ":$put ='plot(open)'\r:w\r", ":q\r")
    saves_twice(watching, keys, vim, "--clean", "-c", f"set {sets}")


def saves_twice(watching: Watching, keys: tuple[str, str, str], *command: str) -> None:
    """`keys` are those of the first save, of the second one and of the end."""
    first, second, ends = keys
    world = watching.start().world
    with at_terminal(world.folder / TREND_PATH, *command) as editor:
        editor.wait_for("Length")
        editor.type(first)
        assert watching.done().done == "saved"
        editor.type(second)
        assert watching.done().done == "saved"
        editor.type(ends)
        assert editor.end() == 0
    check_uploads(watching, LONGER, LAST)


_EMACS_SETS = (
    "(setq make-backup-files t)",
    "(setq backup-by-copying t)",
    "(setq file-precious-flag t)",
    "(setq version-control t)",
)


@pytest.mark.parametrize("sets", _EMACS_SETS)
@pytest.mark.parametrize("emacs", installed("emacs"))
def test_a_save_in_emacs_is_one_upload(watching: Watching, emacs: str, sets: str) -> None:
    world = watching.start().world
    file = world.folder / TREND_PATH
    with at_terminal(file, emacs, "-nw", "-Q", "--eval", sets) as editor:
        editor.wait_for("Length")
        editor.type("\x1b>plot(close)\r")
        editor.wait_for(r"plot\(close\)")
        assert file.with_name(".#Trend.pine").is_symlink()
        editor.type("\x18\x13")
        assert watching.done().done == "saved"
        editor.type("\x1b>plot(open)\r\x18\x13")
        assert watching.done().done == "saved"
        editor.type("\x18\x03")
        assert editor.end() == 0
    check_uploads(watching, LONGER, LAST)


@pytest.mark.parametrize("emacs", installed("emacs"))
def test_an_emacs_auto_save_is_not_sent(watching: Watching, emacs: str) -> None:
    world = watching.start().world
    file = world.folder / TREND_PATH
    unasked = '(defun s () (interactive) (do-auto-save t) (message (concat "sa" "ved")))'
    keys = '(global-set-key (kbd "C-t") \'s)'
    with at_terminal(file, emacs, "-nw", "-Q", "--eval", f"(progn {unasked} {keys})") as editor:
        editor.wait_for("Length")
        editor.type("\x1b>plot(close)\r\x14")
        editor.wait_for("saved")
        assert file.with_name("#Trend.pine#").read_text() == LONGER
        fence(watching)
        assert world.saved() == [TREND]
        editor.type("\x18\x13")
        assert watching.done().done == "saved"
    check_uploads(watching, LONGER)


@pytest.mark.parametrize("sets", ["--ignorercfiles", "--backup", "--locking"])
@pytest.mark.parametrize("nano", installed("nano"))
def test_a_save_in_nano_is_one_upload(watching: Watching, nano: str, sets: str) -> None:
    saves_twice(watching, ("\x1b/plot(close)\x13", "\rplot(open)\x13", "\x18"), nano, sets)


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        (("sed", "-i", "$a plot(close)"), ""),
        (("sed", "-i.bak", "$a plot(close)"), ""),
        (("perl", "-pi", "-e", "$_ .= qq(plot(close)\\n) if eof"), ""),
        (("ed", "-s"), "$a\nplot(close)\n.\nw\nq\n"),
        (("ex", "-s"), "$a\nplot(close)\n.\nwq\n"),
        (("tee", "-a"), "plot(close)\n"),
        (("dd", "conv=notrunc", "oflag=append", "status=none"), "plot(close)\n"),
    ],
    ids=lambda stdin: " ".join(stdin[:2]) if isinstance(stdin, tuple) else "",
)
def test_a_command_line_edit_is_one_upload(
    watching: Watching, command: tuple[str, ...], keys: str
) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"needs the program {command[0]}")
    world = watching.start().world
    last = f"of={TREND_PATH}" if command[0] == "dd" else TREND_PATH
    subprocess.run(
        [*command, last], cwd=world.folder, input=keys.encode(), check=True, capture_output=True
    )
    assert watching.done().done == "saved"
    check_uploads(watching, LONGER)


# -- other editors, call by call ------------------------------------------------------------------


@pytest.mark.promise(32)
@pytest.mark.parametrize("save", CALLS, ids=lambda save: save.__name__)
def test_each_way_editors_write_files_is_one_upload(watching: Watching, save: Save) -> None:
    """A longer text, a shorter one, and one of the same length."""
    world = watching.start().world
    for text in (LAST, SLOWER, TREND.replace("20", "99")):
        save(world.folder / TREND_PATH, text.encode())
        assert watching.done().done == "saved"
    check_uploads(watching, LAST, SLOWER, TREND.replace("20", "99"))


@pytest.mark.parametrize("save", CALLS, ids=lambda save: save.__name__)
def test_saves_are_found_by_polling_without_file_events(
    watching: Watching, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(observer: object) -> None:
        raise OSError(errno.ENOSPC, "no watches left")

    monkeypatch.setattr("watchdog.observers.api.BaseObserver.start", refused)
    brisk(monkeypatch, again=1.0)
    world = watching.start().world
    for text in (LAST, TREND.replace("20", "99")):
        save(world.folder / TREND_PATH, text.encode())
        assert watching.done().done == "saved"
    assert any(isinstance(event, Began) and event.by_looking for event in watching.events)
    check_uploads(watching, LAST, TREND.replace("20", "99"))
