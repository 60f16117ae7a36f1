"""Saved texts, from the text store or else from the service."""

from __future__ import annotations

from pinesync.sync.planner import Wanted
from pinesync.sync.ports import Ports, TextStore
from pinesync.text.canonical import canonical


def read_text(ports: Ports, pair: Wanted) -> str:
    """The canonical text of a saved version, from the text store or else from the service."""
    stored = held_text(ports.texts, pair)
    if stored is not None:
        return stored
    saved = ports.remote.get(*pair)
    ports.texts.remember(saved)
    return canonical(saved.source)


def held_text(texts: TextStore, pair: Wanted) -> str | None:
    """The canonical text of a saved version, if it is stored here."""
    text_digest = texts.recall(*pair)
    return texts.text_of(text_digest) if text_digest else None
