"""Serves the playground on 127.0.0.1, to a browser of this machine alone."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"


class PlaygroundServer(ThreadingHTTPServer):
    """Serves the files of a folder; the page of a stranger that calls 127.0.0.1 by another name is refused.

    Args:
        folder: the folder of the playground.
        port: 0 for any that is free.

    Raises:
        OSError: where the port is not free.

    """

    daemon_threads = True

    def __init__(self, folder: str, port: int) -> None:
        super().__init__((HOST, port), partial(PlaygroundHandler, directory=folder))
        self.names = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    @property
    def address(self) -> str:
        """Where a browser finds the page."""
        return f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who hangs up is no event for anybody."""


class PlaygroundHandler(SimpleHTTPRequestHandler):
    """Answers one request for a file."""

    server: PlaygroundServer
    server_version, sys_version = "cnncalc", ""
    extensions_map = {  # noqa: RUF012 - the base class has it so
        **SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def send_head(self) -> Any:
        """Answer with a file, to those who call this server by its name."""
        if self.headers.get("Host", "").lower() in self.server.names:
            return super().send_head()
        self.send_error(HTTPStatus.FORBIDDEN, f"This server is called {self.server.address}.")
        return None

    def list_directory(self, path: Any) -> None:
        """Refuse to list a folder."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Add what keeps the page apart from others."""
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
