"""Undoing an answer's content encoding, never beyond a limit."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from pinesync.errors import BadAnswer

Decode = Callable[[bytes, int], bytes]


def decoder(encoding: str) -> Decode:
    """What undoes a content encoding: `decode(piece, most)` gives at most that many bytes. Only
    gzip, which the service may use unasked; any other is a BadAnswer."""
    match encoding.strip().lower():
        case "" | "identity":
            return lambda raw, _: raw
        case "gzip" | "x-gzip":
            return Inflate()
    raise BadAnswer(
        f"the answer has an encoding that was not asked for: {encoding[:40]!r}",
        "nothing was changed because of it",
    )


class Inflate:
    """gzip, piece by piece. Members may follow each other, and may be empty."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    @property
    def ended(self) -> bool:
        """Whether the last member is whole."""
        return self._member.eof

    def __call__(self, raw: bytes, most: int) -> bytes:
        made = bytearray()
        while raw and len(made) < most:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            made += self._member.decompress(raw, most - len(made))
            raw = self._member.unused_data
        return bytes(made)
