"""Parse request bodies and queries into fields, byte for byte.

Both encodings that the service accepts are parsed here. Frameworks' form parsers silently replace
bytes that are not UTF-8, but a stand-in must report exactly what it received.
"""

from __future__ import annotations

from email.message import Message
from urllib.parse import unquote_to_bytes

from pinesync.errors import Refused


def read(body: bytes, content_type: str) -> dict[str, str]:
    """The fields of a body, the first of each name. Refused (400) if the body is neither
    multipart/form-data nor urlencoded, is damaged, or is not UTF-8."""
    kind = Message()
    kind["content-type"] = content_type or "application/x-www-form-urlencoded"
    if kind.get_content_type() == "application/x-www-form-urlencoded":
        return urlencoded(body)
    boundary = kind.get_param("boundary")
    if kind.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise Refused(400, f"cannot read a body of type {kind.get_content_type()}")
    return _multipart(body, boundary.encode())


def urlencoded(data: bytes) -> dict[str, str]:
    """The fields of a query or an urlencoded body. Refused (400) if it is not UTF-8."""
    fields: dict[str, str] = {}
    for pair in data.split(b"&"):
        if pair:
            name, _, value = pair.replace(b"+", b" ").partition(b"=")
            fields.setdefault(_text(unquote_to_bytes(name)), _text(unquote_to_bytes(value)))
    return fields


def _multipart(body: bytes, boundary: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    # The body may have a preamble. Only the first delimiter may lack a line break before it.
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise Refused(400, "the multipart body has no end")
    for part in parts[1:-1]:
        head, blank, value = part.partition(b"\r\n\r\n")
        if not blank:
            raise Refused(400, "a part of the multipart body has no head")
        fields.setdefault(_field_name(head), _text(value))
    return fields


def _field_name(head: bytes) -> str:
    for line in _text(head).split("\r\n"):
        label, _, value = line.partition(":")
        if label.strip().lower() == "content-disposition":
            disposition = Message()
            disposition["content-disposition"] = value.strip()
            name = disposition.get_param("name", header="content-disposition")
            if isinstance(name, str):
                return name
    raise Refused(400, "a part of the multipart body has no name")


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused(400, "the request is not UTF-8") from None
