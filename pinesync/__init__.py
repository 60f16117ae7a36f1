"""pinesync keeps a folder of .pine files in step with the saved scripts of a TradingView account.

    from pinesync import Pine

Names are resolved on first use: importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinesync.pine import Pine
    from pinesync.tradingview.client import PineClient

__version__ = "0.2.0"
__all__ = ["Pine", "PineClient", "__version__"]

_HOMES = {"Pine": "pinesync.pine", "PineClient": "pinesync.tradingview.client"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'pinesync' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
