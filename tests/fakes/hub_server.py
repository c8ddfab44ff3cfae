"""The HTTP side of the fake hub: the API, the redirect and the bytes, with the faults that `FakeHub` was told."""

from __future__ import annotations

import json
import re
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

if TYPE_CHECKING:
    from tests.fakes.hub import FakeHub, StoredFile

CHUNK = 64 * 1024


class HubServer(ThreadingHTTPServer):
    daemon_threads = False  # joined by server_close: a test sees no leaked thread

    def __init__(self, hub: FakeHub, where: str) -> None:
        self.hub, self.where = hub, where
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what this server is for."""


_API = re.compile(r"^/api/models/([^/]+/[^/]+)(?:/revision/([^/]+)|/tree/([^/]+)(?:/.*)?)?$")
_RESOLVE = re.compile(r"^/([^/]+/[^/]+)/resolve/([^/]+)/(.+)$")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: HubServer

    def log_message(self, format: str, *args: object) -> None:
        """Quiet; `FakeHub.log` has it all."""

    def do_HEAD(self) -> None:
        self._handle()

    def do_GET(self) -> None:
        self._handle()

    def _handle(self) -> None:
        path = unquote(urlsplit(self.path).path)
        api, resolve = _API.match(path), _RESOLVE.match(path)
        where = "cdn" if self.server.where == "cdn" else "api" if api else "resolve"
        name = resolve[3] if resolve else path
        self._entry = self.server.hub.note(
            where, self.command, name, self.headers.get("Range"), dict(self.headers.items())
        )
        if self._fail_first(where, name):
            return
        if api:
            self._api(api[1], api[2] or api[3] or "main", is_tree=api[3] is not None)
        elif resolve:
            self._file(resolve[1], resolve[2], name, is_cdn=where == "cdn")
        else:
            self._error(404, "")

    def _fail_first(self, where: str, name: str) -> bool:
        hub = self.server.hub
        if fault := hub.take("status", where, name):
            extra = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else {}
            self._error(fault.status, fault.error_code, extra)
            return True
        if hub.take("html", where, name):
            self._answer(200, b"<html>Please log in to the hotel's network</html>", {"Content-Type": "text/html"})
            return True
        if where != "cdn" and (fault := hub.take("stall", where, name)):
            hub.wait(fault.seconds)
        return False

    def _api(self, repo: str, revision: str, *, is_tree: bool) -> None:
        found = self.server.hub.find(repo, revision)
        if found is None:
            self._error(404, "RevisionNotFound" if self.server.hub.find(repo, "main") else "RepoNotFound")
            return
        commit, files = found
        has_lfs = self.server.hub.take("no_lfs", "api", repo) is None
        document: object
        if is_tree:
            document = [
                {
                    "type": "file",
                    "path": n,
                    "size": f.size,
                    "oid": "0" * 40,
                    "lfs": {"oid": f.sha256, "size": f.size, "pointerSize": 134},
                }
                for n, f in files.items()
            ]
        else:
            siblings = [
                {
                    "rfilename": n,
                    "size": f.size,
                    "blobId": "0" * 40,
                    "lfs": {"sha256": f.sha256, "size": f.size, "pointerSize": 134},
                }
                if has_lfs
                else {"rfilename": n}
                for n, f in files.items()
            ]
            document = {
                "id": repo,
                "modelId": repo,
                "sha": commit,
                "private": False,
                "gated": False,
                "tags": ["gguf"],
                "siblings": siblings,
            }
        self._answer(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def _file(self, repo: str, revision: str, name: str, *, is_cdn: bool) -> None:
        found = self.server.hub.find(repo, revision)
        if found is None or name not in found[1]:
            self._error(404, "EntryNotFound" if found else "RevisionNotFound")
            return
        commit, file = found[0], found[1][name]
        if is_cdn:
            self._body(file, name)
            return
        etag = "f" * 64 if self.server.hub.take("wrong_etag", "resolve", name) else file.sha256
        location = f"{self.server.hub.cdn}/{repo}/resolve/{commit}/{quote(name)}?X-Signature=1"
        headers = {
            "X-Repo-Commit": commit,
            "X-Linked-Etag": f'"{etag}"',
            "X-Linked-Size": str(file.size),
            "Location": location,
        }
        self._answer(302, b"", headers)

    def _body(self, file: StoredFile, name: str) -> None:
        hub = self.server.hub
        start, status = 0, 200
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        etag = '"replaced"' if hub.take("wrong_etag", "cdn", name) else f'"{file.sha256[:32]}"'
        if self.headers.get("If-None-Match") == etag:
            self._answer(304, b"", {"ETag": etag})
            return
        end = file.size
        if asked and not hub.take("no_range", "cdn", name) and self.headers.get("If-Range", etag) == etag:
            start, status = int(asked[1]), 206
            if start >= file.size:
                self._answer(416, b"", {"Content-Range": f"bytes */{file.size}"})
                return
            end = min(file.size, int(asked[2]) + 1) if asked[2] else file.size
            if hub.take("wrong_range", "cdn", name):
                start = max(0, start - 10)
        self.send_response(status)
        self._entry.status = status
        self.send_header("ETag", etag)
        self.send_header("Accept-Ranges", "bytes")
        if hub.take("no_size", "cdn", name):
            self.close_connection = True  # the body ends with the connection
        else:
            self.send_header("Content-Length", str(end - start))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{file.size}")
        self.end_headers()
        if self.command == "GET":
            self._send_bytes(file, name, start, end)

    def _send_bytes(self, file: StoredFile, name: str, start: int, end: int) -> None:
        hub, entry = self.server.hub, self._entry
        reset = hub.take("reset", "cdn", name)
        cut, stall = reset or hub.take("cut", "cdn", name), hub.take("stall", "cdn", name)
        slow, wrong = hub.take("throttle", "cdn", name), hub.take("corrupt", "cdn", name)
        began = time.monotonic()
        while start + entry.sent_bytes < end:
            left = end - start - entry.sent_bytes
            length = min(CHUNK, left)
            if slow:
                length = min(length, max(1024, int(slow.rate_bytes_s / 20)))
                hub.wait(began + entry.sent_bytes / slow.rate_bytes_s - time.monotonic())
            for fault in (cut, stall):
                if fault and entry.sent_bytes < fault.after_bytes:
                    length = min(length, fault.after_bytes - entry.sent_bytes)
            if cut and entry.sent_bytes >= cut.after_bytes:
                self._break(hard=reset is not None)
                return
            if stall and entry.sent_bytes >= stall.after_bytes:
                hub.wait(stall.seconds)
                stall = None
                continue
            block = file.read(start + entry.sent_bytes, length)
            at = wrong.after_bytes - start - entry.sent_bytes if wrong else -1
            if 0 <= at < len(block):
                block = block[:at] + bytes([block[at] ^ 0xFF]) + block[at + 1 :]
            self.wfile.write(block)
            entry.sent_bytes += len(block)

    def _break(self, *, hard: bool) -> None:
        self.close_connection = True
        if hard:  # SO_LINGER 0: the client sees a reset instead of an end
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _error(self, status: int, code: str, extra: dict[str, str] | None = None) -> None:
        headers = {"Content-Type": "application/json", **({"X-Error-Code": code} if code else {}), **(extra or {})}
        self._answer(status, json.dumps({"error": code or f"status {status}"}).encode(), headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self._entry.status = status
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
