"""The process that serves the page of a run: ``python -m cnncalc.page.live.server PORT VERSION``, started by training.

It listens on 127.0.0.1 alone, answers GET alone, and only to those who call it by that name: a page of a stranger whose
name suddenly means 127.0.0.1 (DNS rebinding) names another host, and is refused. It reads what training sends from
standard input, and ends when that ends. Nothing here imports torch.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

from cnncalc.page.live.state import LiveState
from cnncalc.page.run.document import run_page

HOST = "127.0.0.1"
WAIT_SECONDS = 20.0
"""How long a question for what is new is kept waiting."""
GRACE_SECONDS = 3.0
"""The most time that a browser has to fetch the last event of the run."""
MOST_ASKING = 32
"""Most requests that are answered at a time."""
SAFE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every answer: it is for this page alone, and for no frame of another one."""


class LiveServer(ThreadingHTTPServer):
    """Serves one run; see the head of this file.

    Args:
        port: 0 for any that is free.
        state: the run.
        version: which version makes the page.

    Raises:
        OSError: where the port is not free.

    """

    daemon_threads = True

    def __init__(self, port: int, state: LiveState, version: str) -> None:
        super().__init__((HOST, port), LivePageHandler)
        self.state, self.version = state, version
        self.names = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}
        self.asked = self.told = 0.0  # when a browser last asked for events, and when the last event was sent
        self._free = threading.BoundedSemaphore(MOST_ASKING)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, or hang up where too many ask."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room for the next one."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: who hangs up is no event for anybody."""


class LivePageHandler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: LiveServer
    server_version, sys_version = "cnncalc", ""
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answer with the page, or with what is new."""
        if self.headers.get("Host", "").lower() not in self.server.names:
            self._refuse(HTTPStatus.FORBIDDEN, f"This server is called http://{HOST}:{self.server.server_port}/.")
            return
        place = urlsplit(self.path)
        if place.path == "/":
            self._page()
        elif place.path == "/state" and self.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none"):
            self._news(parse_qs(place.query).get("since", ["0"])[0])
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There is nothing here.")

    def _page(self) -> None:
        view = self.server.state.view(WAIT_SECONDS)
        if view is None:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "The run has not begun yet.")
            return
        self._answer("text/html; charset=utf-8", "".join(run_page(view, self.server.version, live=True)))

    def _news(self, since: str) -> None:
        self.server.asked = time.monotonic()
        version = int(since) if since.isascii() and since.isdecimal() and len(since) < 10 else 0
        news = self.server.state.news(version, WAIT_SECONDS)
        self._answer("application/json", json.dumps(news))
        if news["over"]:
            self.server.told = time.monotonic()

    def _answer(self, kind: str, text: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in SAFE.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _refuse(self, status: HTTPStatus, text: str) -> None:
        self._answer("text/plain; charset=utf-8", f"{text}\n", status)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def listen(stream: BinaryIO, state: LiveState) -> None:
    """Take the messages that the process which started this one sends, until there are no more."""
    with contextlib.suppress(EOFError, pickle.UnpicklingError, OSError):
        while True:
            state.receive(pickle.load(stream))
    state.close()


def main(port: str, version: str) -> None:
    """Serve until the run is over; print the port first, or why it cannot be had."""
    state = LiveState()
    try:
        server = LiveServer(int(port), state, version)
    except OSError as error:
        print(json.dumps({"error": error.strerror}), flush=True)
        return
    print(json.dumps({"port": server.server_port}), flush=True)
    with contextlib.suppress(OSError):
        os.nice(5)  # training goes first
    threading.Thread(target=server.serve_forever, daemon=True).start()
    listen(sys.stdin.buffer, state)
    ended = time.monotonic()
    while server.asked > ended - GRACE_SECONDS and server.told < ended and time.monotonic() < ended + GRACE_SECONDS:
        time.sleep(0.05)
    server.shutdown()


if __name__ == "__main__":
    main(*sys.argv[1:])
