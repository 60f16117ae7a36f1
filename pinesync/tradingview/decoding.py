"""Decode a response's content encoding, within a size limit."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from pinesync.errors import BadResponse

Decode = Callable[[bytes, int], bytes]


def decoder(encoding: str) -> Decode:
    """The decoder for a content encoding: `decode(piece, most)` returns at most `most` bytes.
    Supports only gzip, which the service may send unrequested; BadResponse for any other."""
    match encoding.strip().lower():
        case "" | "identity":
            return lambda raw, _: raw
        case "gzip" | "x-gzip":
            return Inflate()
    raise BadResponse(
        f"the response has an encoding that was not requested: {encoding[:40]!r}",
        "nothing was changed",
    )


class Inflate:
    """Incremental gzip decoder. Accepts several members in a row, even empty ones."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)

    @property
    def ended(self) -> bool:
        """Whether the last member is complete."""
        return self._member.eof

    def __call__(self, raw: bytes, most: int) -> bytes:
        data = bytearray()
        while raw and len(data) < most:
            if self._member.eof:
                self._member = zlib.decompressobj(wbits=31)
            data += self._member.decompress(raw, most - len(data))
            raw = self._member.unused_data
        return bytes(data)
