"""A feed of releases on this machine, well behaved or not."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]


class Feed:
    """A server that answers every request in one way, and remembers what it was asked."""

    def __init__(self, answer: Answer, tls: Any = None) -> None:
        asked: list[dict[str, str]] = []
        answered = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(dict(self.headers.items()))
                with contextlib.suppress(OSError):  # the other side may go away
                    answer(self)
                answered.set()

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        class Server(ThreadingHTTPServer):
            daemon_threads = False

            def finish_request(self, request: Any, client_address: Any) -> None:
                if tls is not None:
                    request = tls.wrap_socket(request, server_side=True)
                super().finish_request(request, client_address)
                request.close()

        self.asked = asked
        self._answered = answered
        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        scheme = "https" if tls is not None else "http"
        self.address = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/releases.json"

    def __enter__(self) -> Feed:
        self._thread.start()
        return self

    def wait_until_answered(self) -> None:
        assert self._answered.wait(60)

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def sends(body: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def lists(*entries: object) -> Answer:
    return sends(json.dumps(list(entries)).encode())


def release(tag: str, notes: str = "", page: str = "", **more: object) -> dict[str, object]:
    return {"tag_name": tag, "body": notes, "html_url": page, "published_at": "2026-11-22T10:00:00Z", **more}
