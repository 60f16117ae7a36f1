"""The scripts that `sandbox seed` saves: written for it, and free to use.

Every version is a file, `seed/<folder>/<number>.pine`, stored with LF. Scripts that have CRLF on
the real service get it on loading, so that git settings cannot change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Seed:
    """A script to save: its name, and each version's text, oldest first."""

    name: str
    versions: tuple[str, ...]


_CRLF = frozenset({"atr-adx-combo"})

_SCRIPTS = (
    ("rsi-divergence", "RSI Divergence", 4),
    ("range-filter", "Range Filter", 2),
    ("range-filter-lower", "range filter", 1),
    ("atr-adx-combo", "ATR/ADX Combo", 2),
    ("bollinger-keltner", 'Bollinger & Keltner "Squeeze"', 1),
    ("moi-indikator", "Мой индикатор", 2),
    ("test-rsi-zh", "測試 RSI", 1),
    ("supertrend-strategy", "SuperTrend Strategy", 3),
    ("donchian-breakout", "Donchian Breakout", 2),
    ("math-toolkit", "MathToolkit", 2),
    ("session-levels", "Session Levels", 1),
    ("volume-profile-lite", "Volume Profile Lite", 1),
    ("macd-multi-timeframe", "MACD Multi-Timeframe", 3),
)


def seeds() -> list[Seed]:
    """All seeds, in the order to save them."""
    return [Seed(name, _versions(folder, count)) for folder, name, count in _SCRIPTS]


def _versions(folder: str, count: int) -> tuple[str, ...]:
    home = resources.files("pinesync.sandbox") / "seed" / folder
    texts = [(home / f"{number}.pine").read_bytes().decode() for number in range(1, count + 1)]
    ends = "\r\n" if folder in _CRLF else "\n"
    return tuple(text.replace("\r\n", "\n").replace("\n", ends) for text in texts)
