"""One finding of the sandbox's compiler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pinesync.model import Diagnostic

Span = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, as the service sends it: `template` with `{name}` places that `ctx` fills.
    `span` is line, column, end line and end column, from 1, the end inclusive; None where the
    service names no place."""

    code: str
    template: str
    ctx: Mapping[str, str | int | bool]
    span: Span | None
    severity: Literal["error", "warning"] = "error"

    @property
    def message(self) -> str:
        """The template with its places filled."""
        text = self.template
        for name, value in self.ctx.items():
            said = str(value).lower() if isinstance(value, bool) else str(value)
            text = text.replace("{" + name + "}", said)
        return text

    @property
    def diagnostic(self) -> Diagnostic:
        """As a client reads it."""
        return Diagnostic(self.severity, *(self.span or (1, 1, 1, 1)), self.message, self.code)
