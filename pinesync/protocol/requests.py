"""The requests that pinesync sends. `allow_overwrite`, `allow_create_new` and `force` are never
true, and endpoints that `protocol.md` lists as never called have no function."""

from __future__ import annotations

from urllib.parse import quote

from pinesync.model import PineId, Version
from pinesync.protocol import MAX_LIST, Request


def list_scripts() -> Request:
    query = (("filter", "saved"),)
    return Request("GET", "/list", query, cap=MAX_LIST, what="the list of scripts")


def get_script(pine_id: PineId, version: Version | None) -> Request:
    """One version with its source; the newest if `version` is None."""
    path = f"/get/{quote(pine_id, safe='')}/{version or 'last'}"
    return Request("GET", path, what="a saved version")


def versions(pine_id: PineId) -> Request:
    """Every version's number and time, if the service has this path."""
    path = f"/versions/{quote(pine_id, safe='')}/all"
    return Request("GET", path, cap=MAX_LIST, what="the times of versions")


def check(source: str) -> Request:
    """translate_light: stores nothing and needs no cookie."""
    return Request("POST", "/translate_light", (("v", "3"),), source, what="the compiler")


def full_check(source: str) -> Request:
    """translate_source: stores nothing, and checks limits that translate_light does not."""
    query, fields = (("is_pine_ex", "false"),), (("inputs", "{}"),)
    path = "/translate_source/last/"
    return Request("POST", path, query, source, fields=fields, what="the compiler")


def translate(pine_id: PineId) -> Request:
    """The compiled form of the newest version. Only a probe sends this."""
    return Request("GET", f"/translate/{quote(pine_id, safe='')}/last", what="the compiler")


def convert(source: str, version: int) -> Request:
    """The source in a newer version of Pine; stores nothing. Only a probe sends this."""
    fields = (("version_to", str(version)),)
    return Request("POST", "/convert", (), source, fields=fields, what="the converter")


def save_new(name: str, source: str) -> Request:
    query = (("name", name), ("allow_overwrite", "false"))
    return Request("POST", "/save/new", query, source, "write", what="a save")


def save_next(pine_id: PineId, name: str | None, source: str) -> Request:
    """Save the next version. With `name` None, keep the saved name."""
    query = [("allow_create_new", "false")]
    if name is not None:
        query.append(("name", name))
    path = f"/save/next/{quote(pine_id, safe='')}"
    return Request("POST", path, tuple(query), source, "write", what="a save")


def rename_script(pine_id: PineId, name: str) -> Request:
    """Rename the script, if no other script has the name."""
    query = (("name", name), ("force", "false"))
    path = f"/rename/{quote(pine_id, safe='')}"
    return Request("POST", path, query, effect="write", what="a rename")


def label(pine_id: PineId, version: Version, name: str) -> Request:
    """Name one version in the history. Only a probe sends this, about its own script."""
    path = f"/name/{quote(pine_id, safe='')}/{version}"
    return Request("PUT", path, (("name", name),), effect="write", what="a label")


def delete(pine_id: PineId) -> Request:
    path = f"/delete/{quote(pine_id, safe='')}"
    return Request("POST", path, effect="write", what="a deletion")


def script_info(pine_id: str) -> Request:
    """The session probe. With the id of one of the user's scripts, it returns the session's
    user."""
    return Request("GET", "/get_script_info/", (("pine_id", pine_id),), what="the account")
