"""The requests that pinesync sends. `allow_overwrite`, `allow_create_new` and `force` are never
true, and endpoints that `protocol.md` lists as never called have no function."""

from __future__ import annotations

from urllib.parse import quote

from pinesync.model import PineId, Version
from pinesync.protocol import MAX_LIST, Request


def list_scripts() -> Request:
    return Request("GET", "/list", (("filter", "saved"),), cap=MAX_LIST)


def get_script(pine_id: PineId, version: Version | None) -> Request:
    """One version with its source; the newest if `version` is None."""
    return Request("GET", f"/get/{quote(pine_id, safe='')}/{version or 'last'}")


def versions(pine_id: PineId) -> Request:
    """Every version's number and time, if the service has this path."""
    return Request("GET", f"/versions/{quote(pine_id, safe='')}/all", cap=MAX_LIST)


def check(source: str) -> Request:
    """translate_light: stores nothing and needs no cookie."""
    return Request("POST", "/translate_light", (("v", "3"),), source)


def full_check(source: str) -> Request:
    """translate_source: stores nothing, and checks limits that translate_light does not."""
    query = (("is_pine_ex", "false"),)
    return Request("POST", "/translate_source/last/", query, source, fields=(("inputs", "{}"),))


def save_new(name: str, source: str) -> Request:
    query = (("name", name), ("allow_overwrite", "false"))
    return Request("POST", "/save/new", query, source, "write")


def save_next(pine_id: PineId, name: str | None, source: str) -> Request:
    """Save the next version. With `name` None, keep the saved name."""
    query = [("allow_create_new", "false")]
    if name is not None:
        query.append(("name", name))
    return Request("POST", f"/save/next/{quote(pine_id, safe='')}", tuple(query), source, "write")


def rename_script(pine_id: PineId, name: str) -> Request:
    """Rename the script, if no other script has the name."""
    query = (("name", name), ("force", "false"))
    return Request("POST", f"/rename/{quote(pine_id, safe='')}", query, effect="write")


def delete(pine_id: PineId) -> Request:
    return Request("POST", f"/delete/{quote(pine_id, safe='')}", effect="write")


def script_info(pine_id: str) -> Request:
    """The session probe. With the id of one of the user's scripts, it returns the session's
    user."""
    return Request("GET", "/get_script_info/", (("pine_id", pine_id),))
