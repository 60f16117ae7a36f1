"""The route table: map each request to one of the `endpoints`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pinesync.errors import Refused
from pinesync.sandbox import endpoints
from pinesync.sandbox.call import Call, Reply

_ID_WORDS = r"(?P<pine_id>[^/]+)"
_VERSION_WORDS = r"(?P<version>[^/]+)"
ALERTS_PATH = "/list_alerts"
"""The one path at the origin itself: the service has it on another host."""


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: the name that faults and the log use, and its path, as `words` and as a
    pattern."""

    endpoint: str
    method: str
    words: str
    path: re.Pattern[str]
    handler: Callable[[Call], Reply]
    has_body: bool = False


def _route(
    endpoint: str, method: str, path: str, handler: Callable[[Call], Reply], *, body: bool = False
) -> Route:
    pattern = path.replace("{id}", _ID_WORDS).replace("{version}", _VERSION_WORDS)
    return Route(endpoint, method, path, re.compile(pattern + "/?"), handler, body)


ROUTES = (
    _route("list", "GET", "/list", endpoints.list_scripts),
    _route("get", "GET", "/get/{id}/{version}", endpoints.get_script),
    _route("newest", "GET", "/versions/{id}/last", endpoints.newest),
    _route("history", "GET", "/versions/{id}/all", endpoints.history),
    _route("translate", "GET", "/translate/{id}/{version}", endpoints.translate),
    _route("check", "POST", "/translate_light", endpoints.check, body=True),
    _route("compile", "POST", "/translate_source/{version}", endpoints.full_compile, body=True),
    _route("title", "POST", "/parse_title", endpoints.parse_title, body=True),
    _route("save_new", "POST", "/save/new", endpoints.save_new, body=True),
    _route("save_next", "POST", "/save/next/{id}", endpoints.save_next, body=True),
    _route("rename", "POST", "/rename/{id}", endpoints.rename),
    _route("label", "PUT", "/name/{id}/{version}", endpoints.label),
    _route("delete", "POST", "/delete/{id}", endpoints.delete),
    _route("convert", "POST", "/convert", endpoints.convert, body=True),
    _route("script_info", "GET", "/get_script_info", endpoints.script_info),
    _route("lib_list", "GET", "/lib_list", endpoints.lib_list),
    _route("alerts", "GET", ALERTS_PATH, endpoints.list_alerts),
    _route("may_read", "GET", "/is_auth_to_get/{id}/{version}", endpoints.may_read),
)


def route_of(method: str, path: str) -> tuple[Route, str, str]:
    """The route of an unquoted path below the base, and the id and version in the path. Refused
    with 404 for an unknown path, with 405 for another method."""
    elsewhere = False
    for route in ROUTES:
        if match := route.path.fullmatch(path):
            if route.method == method:
                words = match.groupdict()
                return route, words.get("pine_id", ""), words.get("version", "")
            elsewhere = True
    raise Refused(405 if elsewhere else 404, "Method Not Allowed" if elsewhere else "Not Found")
