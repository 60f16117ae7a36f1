"""The texts that a probe saves, and the facts that reading them shows."""

from __future__ import annotations

from collections.abc import Iterator

BOM = "\ufeff"
V4_TEXT = '//@version=4\nstudy("pinesync probe")\nplot(close)\n'
V5_TEXT = '//@version=5\nindicator("pinesync probe")\nplot(close)\n'
_TAB, _BLANKS = "// a tab:\there\n", "// blanks:  \n"


def lf_text(token: str) -> str:
    """With LF, a tab, blanks at the end of a line, two inputs, and an empty last line."""
    return (
        f'//@version=6\nindicator("pinesync probe")\n// {token}\n{_TAB}{_BLANKS}'
        "length = input.int(14)\nfactor = input.float(2.0)\n"
        "plot(ta.sma(close, length) * factor)\n\n"
    )


def crlf_text(token: str) -> str:
    """With a byte order mark and CRLF, and no line break at its end."""
    return BOM + lf_text(token).rstrip("\n").replace("\n", "\r\n")


def broken_text(token: str) -> str:
    """A text that does not compile."""
    return lf_text(token) + "plot(undeclared_by_the_probe)\n"


def to_lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def line_ends(text: str) -> str:
    """The line endings inside the text; those at its end are another fact."""
    inner = text.rstrip("\r\n")
    pairs, feeds, returns = (inner.count(end) for end in ("\r\n", "\n", "\r"))
    if not returns:
        return "lf"
    return "crlf" if pairs == feeds == returns else "mixed"


def facts_of_lf_text(token: str, read: str) -> Iterator[tuple[str, str]]:
    """The facts that reading `first` shows."""
    text, sent = to_lf(read), lf_text(token)
    yield "line-ends-lf", line_ends(read)
    yield "end-of-text", "kept" if text.endswith("\n\n") else "dropped"
    yield "tabs", "kept" if "\t" in text else "spaces"
    yield "blanks", "kept" if _BLANKS in text else "dropped"
    yield "text", "kept" if _words(text) == _words(sent) else "changed"


def facts_of_crlf_text(read: str) -> Iterator[tuple[str, str]]:
    """The facts that reading `second` shows."""
    yield "line-ends-crlf", line_ends(read)
    yield "no-end-of-line", "line break added" if read.endswith(("\n", "\r")) else "kept"
    yield "byte-order-mark", "kept" if read.startswith(BOM) else "dropped"


def _words(text: str) -> list[str]:
    """The words of the text, without anything that has a fact of its own."""
    return text.removeprefix(BOM).split()
