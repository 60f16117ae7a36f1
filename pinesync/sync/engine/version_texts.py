"""Saved texts, from the text store or else from the service."""

from __future__ import annotations

from pinesync.sync.planner import VersionKey
from pinesync.sync.ports import Ports, TextStore
from pinesync.text.canonical import canonical


def read_text(ports: Ports, pair: VersionKey) -> str:
    """The canonical text of a saved version, from the text store or else from the service."""
    stored = stored_text(ports.texts, pair)
    if stored is not None:
        return stored
    saved = ports.remote.get(*pair)
    ports.texts.remember(saved)
    return canonical(saved.source)


def stored_text(texts: TextStore, pair: VersionKey) -> str | None:
    """The canonical text of a saved version, if it is stored here."""
    text_digest = texts.recall(*pair)
    return texts.text_of(text_digest) if text_digest else None
