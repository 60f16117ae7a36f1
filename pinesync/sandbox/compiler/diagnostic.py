"""One finding of the sandbox's compiler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pinesync.model import Diagnostic

Span = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding as the service sends it. `ctx` fills the `{name}` placeholders of `template`.
    `span` is line, column, end line and end column, counted from 1, end inclusive. It is None if
    the service sends no position."""

    code: str
    template: str
    ctx: Mapping[str, str | int | bool]
    span: Span | None
    severity: Literal["error", "warning"] = "error"

    @property
    def message(self) -> str:
        """The template with its placeholders filled."""
        text = self.template
        for name, value in self.ctx.items():
            word = str(value).lower() if isinstance(value, bool) else str(value)
            text = text.replace("{" + name + "}", word)
        return text

    @property
    def diagnostic(self) -> Diagnostic:
        """The finding as a client parses it."""
        return Diagnostic(self.severity, *(self.span or (1, 1, 1, 1)), self.message, self.code)
