"""Error actions for when nobody is watching the terminal: run a command, show a notification.

The command comes from the user's command line. It gets the event in two environment variables and
runs without a shell, so no text from a script or a response becomes part of a command.

A notification is a command as well. Of the libraries, desktop-notifier shows none on macOS unless
Python is a signed app, which that of uv and Homebrew is not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

import click

from pinesync.cli.options import command_words
from pinesync.errors import EXIT_DONE
from pinesync.git.run import find_program
from pinesync.sync.words import Role, Status
from pinesync.text.unicode import escape_controls
from pinesync.watch.events import Done, Event, Notice, Trouble

_SECONDS = 30.0
_PULLABLE = frozenset(status for status in Status if status.role is Role.PULL)
"""Statuses that `watch` reports but that are not errors."""


def error_notifier(command: str | None, *, notify: bool) -> Callable[[Event], None]:
    """The callback for each event. Raises a usage error if `command` is not a valid command."""
    commands = [_split_command(command)] if command else []
    if notify:
        commands.append(_notifier())

    def notify_error(event: Event) -> None:
        if trouble := _error_of(event):
            path, message = trouble
            for words in commands:
                _run(words, path, message)

    return notify_error


def _error_of(event: Event) -> tuple[str, str] | None:
    """The path (or an empty string) and what went wrong; None if nothing did."""
    match event:
        case Done(outcome) if outcome.exit_code != EXIT_DONE:
            diagnostics = outcome.diagnostics
            first = (
                f": {diagnostics[0].message} (line {diagnostics[0].line})" if diagnostics else ""
            )
            return outcome.path, f"{outcome.message}{first}"
        case Notice() if event.word not in _PULLABLE:
            return event.path, event.message
        case Trouble():
            return "", event.message
    return None


def _split_command(command: str) -> list[str]:
    try:
        words = command_words(command)
    except ValueError as error:
        raise click.UsageError(f"--on-error {command[:60]!r}: {error}.") from None
    program = find_program(words[0]) if words else None
    if not program:
        raise click.UsageError(f"--on-error {command[:60]!r}: no such command.")
    return [program, *words[1:]]


_TOAST = """
$manager = [Windows.UI.Notifications.ToastNotificationManager,
    Windows.UI.Notifications, ContentType = WindowsRuntime]
$page = $manager::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText02)
$title = if ($env:PINESYNC_PATH) { $env:PINESYNC_PATH } else { 'pinesync' }
$texts = $page.GetElementsByTagName('text')
$null = $texts.Item(0).AppendChild($page.CreateTextNode($title))
$null = $texts.Item(1).AppendChild($page.CreateTextNode($env:PINESYNC_MESSAGE))
$app = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
$manager::CreateToastNotifier($app).Show([Windows.UI.Notifications.ToastNotification]::new($page))
"""
"""What Windows PowerShell shows a notification with, as its own: an app needs a name that Windows
knows."""


def _notifier(system: str = sys.platform) -> list[str]:
    """The desktop's notification command, if there is one. Where it ends with `--`, title and text
    are appended as two arguments."""
    if system == "darwin":
        script = "on run {title, message}\ndisplay notification message with title title\nend run"
        return ["/usr/bin/osascript", "-e", script, "--"]
    name = "powershell" if system == "win32" else "notify-send"
    program = find_program(name)
    if not program:
        raise click.UsageError(f"--notify: this system has no {name}.")
    windows = ["-NoProfile", "-NonInteractive", "-Command", _TOAST]
    return [program, *(windows if system == "win32" else ["--"])]


def _escape_markup(message: str) -> str:
    """The text escaped for notify-send, which expands C escapes (including octal ones) and passes
    on what the desktop reads as markup, such as links."""
    if sys.platform == "darwin":
        return message
    for sign, instead in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\\", "\\\\")):
        message = message.replace(sign, instead)
    return message


def _run(words: Sequence[str], path: str, message: str) -> None:
    """Run it and discard its output. A failure changes nothing: the event was already printed."""
    title, text = escape_controls(path) or "pinesync", escape_controls(message)
    notifies = words[-1] == "--"
    details = {"PINESYNC_PATH": escape_controls(path), "PINESYNC_MESSAGE": text}
    try:
        subprocess.run(
            [*words, title, _escape_markup(text)] if notifies else words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **details},
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return
