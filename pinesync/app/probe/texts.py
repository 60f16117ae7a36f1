"""The texts that a probe saves, and what became of them when they are read."""

from __future__ import annotations

from collections.abc import Iterator

BOM = "\ufeff"
OLD = '//@version=4\nstudy("pinesync probe")\nplot(close)\n'
BEFORE = '//@version=5\nindicator("pinesync probe")\nplot(close)\n'
_TAB, _BLANKS = "// a tab:\there\n", "// blanks:  \n"


def first(token: str) -> str:
    """With LF, a tab, blanks at the end of a line, two inputs, and an empty last line."""
    return (
        f'//@version=6\nindicator("pinesync probe")\n// {token}\n{_TAB}{_BLANKS}'
        "length = input.int(14)\nfactor = input.float(2.0)\n"
        "plot(ta.sma(close, length) * factor)\n\n"
    )


def second(token: str) -> str:
    """With a byte order mark and CRLF, and no line break at its end."""
    return BOM + first(token).rstrip("\n").replace("\n", "\r\n")


def broken(token: str) -> str:
    """A text that does not compile."""
    return first(token) + "plot(undeclared_by_the_probe)\n"


def lf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def line_ends(text: str) -> str:
    """Those inside the text; what ends it is another fact."""
    inner = text.rstrip("\r\n")
    pairs, feeds, returns = (inner.count(end) for end in ("\r\n", "\n", "\r"))
    if not returns:
        return "lf"
    return "crlf" if pairs == feeds == returns else "mixed"


def of_first(token: str, read: str) -> Iterator[tuple[str, str]]:
    """The facts that reading `first` shows."""
    text, sent = lf(read), first(token)
    yield "line-ends-lf", line_ends(read)
    yield "end-of-text", "kept" if text.endswith("\n\n") else "dropped"
    yield "tabs", "kept" if "\t" in text else "spaces"
    yield "blanks", "kept" if _BLANKS in text else "dropped"
    yield "text", "kept" if _bare(text) == _bare(sent) else "changed"


def of_second(read: str) -> Iterator[tuple[str, str]]:
    """The facts that reading `second` shows."""
    yield "line-ends-crlf", line_ends(read)
    yield "no-end-of-line", "line break added" if read.endswith(("\n", "\r")) else "kept"
    yield "byte-order-mark", "kept" if read.startswith(BOM) else "dropped"


def _bare(text: str) -> list[str]:
    """The words: without all that has a fact of its own."""
    return text.removeprefix(BOM).split()
