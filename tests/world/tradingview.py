"""TradingView under its real name, without a network: a loopback proxy that answers CONNECT and
then speaks TLS itself, with a throw-away authority's certificate, for a sandbox."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

import trustme

from pinesync.sandbox.app import SandboxApp

NAME = "pine-facade.tradingview.com"
NAMES = (NAME, "pricealerts.tradingview.com")


class TradingView(ThreadingTCPServer):
    """`proxy` and `ca_bundle` are what HTTPS_PROXY and REQUESTS_CA_BUNDLE have to say."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, app: SandboxApp, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        authority = trustme.CA()
        self.ca_bundle = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.ca_bundle))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*NAMES).configure_cert(self.tls)
        self.app = app
        self.contacted: list[str] = []
        """Every host:port that a client tried to reach."""
        self.cookies: list[str] = []
        """The Cookie header of every request that came."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))

    @property
    def proxy(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> TradingView:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """A client that does not trust the certificate disconnects."""

    # What wsgiref's handler needs of its server.

    def get_app(self) -> Any:
        def noting(environ: dict[str, Any], start_response: Any) -> Any:
            self.cookies.append(environ.get("HTTP_COOKIE", ""))
            return self.app(environ, start_response)

        return noting

    @property
    def base_environ(self) -> dict[str, str]:
        return {"SERVER_NAME": NAME, "SERVER_PORT": "443", "SCRIPT_NAME": ""}


class _Tunnel(BaseRequestHandler):
    server: TradingView

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = self.request.recv(4096)
            if not piece:
                return
            head += piece
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        self.server.contacted.append(target)
        if method != "CONNECT" or target not in [f"{name}:443" for name in NAMES]:
            self.request.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with self.server.tls.wrap_socket(self.request, server_side=True) as secure:
            _Request(secure, self.client_address, self.server)
            secure.shutdown(socket.SHUT_RDWR)


class _Request(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """The log is not read."""
