"""Top-level error handling: message and hint on standard error, an exit code, a log file for
bugs."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import TextIOWrapper, UnsupportedOperation
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from pinesync.cli.group import invoke, similar_commands
from pinesync.cli.options import Shared, hidden_cookies, searched_path
from pinesync.errors import (
    EXIT_BUG,
    EXIT_FAILED,
    EXIT_INTERRUPTED,
    EXIT_USAGE,
    PinesyncError,
)

if TYPE_CHECKING:
    from pathlib import Path


_DIFF = "`pinesync diff PATH@1 PATH@2` compares two versions, `pinesync show PATH@2` prints one"
_FORCE = {
    "push": "`pinesync pull` merges what is new there; --over VERSION saves over that one version",
    "pull": "`pinesync restore PATH` drops the edits of a file first; they are backed up",
    "rm": "`pinesync rm --remote PATH` deletes the script on TradingView",
    "": "a refusal names what to do; nothing here overwrites work unasked",
}
INSTEAD = {
    "--force": _FORCE,
    "-f": _FORCE,
    "-p": {"log": _DIFF},
    "--patch": {"log": _DIFF},
    "--oneline": {"log": "each save is one line"},
}
"""For options of git that pinesync lacks: what to do instead, by verb; "" is any other verb."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code. Raises nothing."""
    arguments = expand_globs(sys.argv[1:]) if arguments is None else list(arguments)
    return run_guarded(lambda shared: invoke(arguments, shared), arguments)


def run_guarded(run: Callable[[Shared], int], arguments: Sequence[str] = ()) -> int:
    """Run a program without cookies in its environment, and turn every error into a message and an
    exit code. `arguments` say how to report: as JSON if they ask for that."""
    _tolerate_encodings()
    ends: list[int] = []
    try:
        with searched_path(), hidden_cookies() as shared:
            ends = shared.ends
            code = run(shared)
            sys.stdout.flush()
    except BrokenPipeError:
        # A reader that closes the pipe has seen enough, but a failure still counts.
        _close_broken_pipe()
        return ends[-1] if ends else 0
    except KeyboardInterrupt:
        return _print_error(arguments, "interrupted", _AFTER_INTERRUPT, EXIT_INTERRUPTED)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        return _end_question(arguments)
    except click.ClickException as error:
        return _print_usage_error(arguments, error)
    except PinesyncError as error:
        return _print_error(arguments, error.message, error.hint, error.exit_code)
    except OSError as error:
        if error.errno not in _OUTPUT_FAILS or error.filename is not None:
            return _print_error(arguments, *_bug(error), EXIT_BUG)
        _close_broken_pipe()
        return _print_error(
            arguments, f"cannot write the output: {error.strerror}", None, EXIT_FAILED
        )
    except UnicodeEncodeError as error:
        # The file name is a path: printing never raises this, and requests are UTF-8.
        if error.encoding == "utf-8" or error.encoding != sys.getfilesystemencoding():
            return _print_error(arguments, *_bug(error), EXIT_BUG)
        message = f"a file's name cannot be written in this locale's encoding, {error.encoding}"
        return _print_error(arguments, message, "set LC_ALL=C.UTF-8, or PYTHONUTF8=1", EXIT_FAILED)
    except Exception as error:  # noqa: BLE001 - anything left is a bug, and is logged
        return _print_error(arguments, *_bug(error), EXIT_BUG)
    return code


def _end_question(arguments: Sequence[str]) -> int:
    if sys.stderr.isatty():
        click.echo(err=True)  # end the line of the question
    return _print_error(arguments, "interrupted", None, EXIT_INTERRUPTED)


def expand_globs(arguments: Sequence[str], *, windows: bool = os.name == "nt") -> list[str]:
    """The arguments with `*.pine` expanded: Windows shells leave that to the program."""
    if not windows:
        return list(arguments)
    from glob import glob

    files = (sorted(glob(a)) if "*" in a and a.endswith(".pine") else [] for a in arguments)
    return [name for a, matches in zip(arguments, files, strict=True) for name in matches or [a]]


def _tolerate_encodings() -> None:
    """Escape characters that a stream's encoding lacks, rather than fail. A stream that was closed
    before we started discards its output and reads as empty."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - to the end
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            with suppress(UnsupportedOperation):  # already being read
                stream.reconfigure(errors="backslashreplace")


# Errors from writing to a file or a terminal. Our own files raise FileError instead.
_OUTPUT_FAILS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_AFTER_INTERRUPT = "nothing is lost: run the same command again to finish"


def _print_error(
    arguments: Sequence[str], message: str, hint: str | None, code: int, usage: str = ""
) -> int:
    from pinesync.cli.render import echo_err, error_lines, json_object, out

    try:
        if _wants_json(arguments):
            error = {"message": f"{message}\n{usage}" if usage else message, "hint": hint}
            out(json_object(_verb(arguments), code, {"error": error}))
        else:
            for line in error_lines(message, hint):
                echo_err(line)
            if usage:
                echo_err(usage)
        sys.stdout.flush()
    except BrokenPipeError:
        _close_broken_pipe()
    return code


def _wants_json(arguments: Sequence[str]) -> bool:
    """Read from the raw arguments, because parsing may have failed."""
    context = click.get_current_context(silent=True)
    shared = context.obj if context else None
    in_arguments = "--json" in arguments or "--format=json" in arguments
    in_arguments = in_arguments or ("--format", "json") in pairwise(arguments)
    return (isinstance(shared, Shared) and shared.json) or in_arguments


def _verb(arguments: Sequence[str]) -> str:
    """The verb, with its subcommand if it is a group. Read from the raw arguments as well."""
    words = []
    rest = iter(arguments)
    for argument in rest:
        if re.fullmatch(_TAKES_NEXT, argument):
            next(rest, None)
        elif not argument.startswith("-"):
            words.append(argument)
    return " ".join(words[: 2 if words[:1] in (["sandbox"], ["hooks"], ["history"]) else 1])


# -C, --color and --as, including after other one-letter flags, as in -vC.
_TAKES_NEXT = r"-v*C|--color|--as"


def _print_usage_error(arguments: Sequence[str], error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and context:
        if not _wants_json(arguments):
            click.echo(context.get_help(), err=True)
            return EXIT_USAGE
        return _print_error(
            arguments, "no command was named", f"`{context.command_path} -h` lists them", EXIT_USAGE
        )
    usage = context.get_usage() if context else ""
    if isinstance(error, click.NoSuchOption):
        by_verb = INSTEAD.get(error.option_name, {})
        hint = by_verb.get((context and context.info_name) or "", by_verb.get(""))
        if hint:
            return _print_error(
                arguments, f"there is no {error.option_name}", hint, EXIT_USAGE, usage
            )
        close = similar_commands(error.option_name, error.possibilities or ())
        # In our words: click's changed between the versions that are allowed.
        hint = f" Did you mean {close[0]!r}?" if close else ""
        message = f"No such option {error.option_name!r}.{hint}"
        return _print_error(arguments, message, None, EXIT_USAGE, usage)
    # click writes one line for a parameter with several choices.
    message = " ".join(error.format_message().split())
    return _print_error(arguments, message, None, EXIT_USAGE, usage)


def _close_broken_pipe() -> None:
    """The reader is gone. Prevent an error at exit about output that is still buffered."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())


def _bug(error: Exception) -> tuple[str, str]:
    path = _write_bug_log(error)
    where = f"the details are in {path}" if path else "no log could be written"
    return (
        f"a bug in pinesync: {type(error).__name__}",
        f"{where}; please report it, but check it for private data first",
    )


def _write_bug_log(error: Exception) -> Path | None:
    """Log the traceback without variable values, which may be sources or secrets."""
    import traceback
    from datetime import UTC, datetime

    from pinesync import __version__
    from pinesync.atomic import Folder, make_private, write_temp
    from pinesync.cli.options import places
    from pinesync.clock import wall

    when = datetime.fromtimestamp(wall(), UTC).strftime("%Y%m%dT%H%M%S")
    folder = places().state
    try:
        make_private(folder)
        path = folder / f"bug-{when}-{os.getpid()}.log"
        body = "".join(traceback.format_exception(error))
        text = f"pinesync {__version__}, Python {sys.version}\n\n{body}"
        write_temp(Folder(folder), path.name, text.encode("utf-8", "backslashreplace"))
    except (OSError, ValueError):
        return None
    return path
