"""Changes to pygls's protocol that editors need."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, BinaryIO

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, lsp_method

_SENT = "a save was sent and its outcome is unknown; the next push finds out"


class Writer:
    """Writes to the editor, and ignores that the editor is gone."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> None:
        with suppress(OSError):
            self._stream.write(data)
            self._stream.flush()

    def close(self) -> None:
        pass


class Protocol(LanguageServerProtocol):
    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override]
        """End the loop instead of the process: a push may be running."""
        self._server.ended.set()  # type: ignore[attr-defined]

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]
        """Cancel what was not sent. Return an error if a save was sent but not answered."""
        if not self._server.cancel_requests():  # type: ignore[attr-defined]
            raise JsonRpcException(_SENT, types.LSPErrorCodes.RequestFailed)
        # Each request removes itself from the mapping when it ends.
        for name, future in tuple(self._request_futures.items()):
            if name != self.msg_id:
                future.cancel()
        self._shutdown = True

    def _handle_cancel_notification(self, msg_id: Any) -> None:
        """pygls would report the request as cancelled, and continue it."""
        if self._server.cancel_requests(msg_id):  # type: ignore[attr-defined]
            super()._handle_cancel_notification(msg_id)

    def handle_message(self, message: Any) -> None:
        """Refuse requests after a shutdown, as the protocol requires, instead of ignoring them."""
        if self._shutdown and hasattr(message, "id") and hasattr(message, "method"):
            error = types.ResponseError(types.ErrorCodes.InvalidRequest, "the server was shut down")
            self._send_response(message.id, error=error)
        else:
            super().handle_message(message)

    def _execute_handler(self, msg_id: Any, *arguments: Any, **more: Any) -> None:
        """Drop the result of a notification: pygls keeps it forever, with its document."""
        super()._execute_handler(msg_id, *arguments, **more)
        if future := self._request_futures.get(msg_id):
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))
