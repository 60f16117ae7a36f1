"""What a shell is told when somebody presses Tab. It asks nobody, reads no cookie, and is silent
about whatever goes wrong: a prompt is no place for an error."""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

from pinesync.cli.group import group
from pinesync.cli.options import hidden_cookies

VARIABLE = "_PINESYNC_COMPLETE"


class _Bash(BashComplete):
    """bash splits words at an @, and inserts what it is given as it is: so the line is read here,
    and what needs quotes comes back with them."""

    source_template = """\
%(complete_func)s() {
    local one
    COMPREPLY=()
    while IFS= read -r one; do
        COMPREPLY+=("$one")
    done < <(COMP_LINE="${COMP_LINE:0:$COMP_POINT}" COMP_WORD="${COMP_WORDS[COMP_CWORD]}" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null </dev/null)
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace
    return 0
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//@}
complete -F %(complete_func)s %(prog_name)s
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        return _words()

    def format_completion(self, item: CompletionItem) -> str:
        value: str = item.value
        return _escaped(value, _open_quote(os.environ.get("COMP_WORD", "")))


class _Fish(ShellComplete):
    """fish quotes what it inserts, and reads a description behind a tab as it is."""

    name = "fish"
    source_template = """\
function %(complete_func)s
    COMP_LINE=(commandline -cp | string collect) %(complete_var)s=fish_complete \\
        %(prog_name)s 2>/dev/null </dev/null
end
complete --no-files --command %(prog_name)s --arguments "(%(complete_func)s)"
"""

    def get_completion_args(self) -> tuple[list[str], str]:
        return _words()

    def format_completion(self, item: CompletionItem) -> str:
        told = " ".join((item.help or "").split())
        return f"{item.value}\t{told}" if told else item.value


_KINDS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": ZshComplete, "fish": _Fish}


def script(shell: str) -> str:
    """What the shell is to run once, so that it asks here from then on."""
    made = _KINDS[shell](group, {}, "pinesync", VARIABLE)
    return ShellComplete.source(made)


def answer(asked: str) -> int:
    """Print what fits, as the shell of `asked` reads it; 0 whatever comes of it."""
    kind = _KINDS.get(asked.removesuffix("_complete"))
    if kind is None or not asked.endswith("_complete"):
        return 0
    with hidden_cookies(), suppress(Exception):
        os.environ.pop(VARIABLE, None)
        click.echo(kind(group, {}, "pinesync", VARIABLE).complete())
    return 0


def _words() -> tuple[list[str], str]:
    """The words of the line that is typed, and the one that is begun."""
    *words, last = split_arg_string(os.environ["COMP_LINE"] + "x")
    return words[1:], last[:-1]


def _open_quote(word: str) -> str:
    """The quote that the word stands in at its end, or nothing."""
    rest = re.sub(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", "", word)
    found = re.search("['\"]", rest)
    return found[0] if found else ""


def _escaped(value: str, quote: str) -> str:
    """As a shell reads it back, behind this opening quote or none: a path of somebody's repository
    may look like a command, and Tab can go on with it all the same."""
    if quote == "'":
        return value.replace("'", "'\\''")
    if quote == '"':
        # Between double quotes a ! calls the history, and no backslash there prevents that.
        return re.sub(r'(["$`\\])', r"\\\1", value).replace("!", '"\\!"')
    return value if shlex.quote(value) == value else re.sub(r"([^\w@%+=:,./-])", r"\\\1", value)
