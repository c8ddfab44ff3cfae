"""The HTTP side of the fake hub: the API and the redirect, with the faults that `FakeHub` was told; bytes are `hub_bodies`."""

from __future__ import annotations

import contextlib
import email.utils
import json
import re
import socket
import ssl
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.fakes import hub_bodies
from tests.fakes.hub_faults import Fault

if TYPE_CHECKING:
    from tests.fakes.hub import FakeHub, Request, StoredFile


class HubServer(ThreadingHTTPServer):
    """One of the two hosts.

    Args:
        hub: whose.
        where: "hub" or "cdn".
        tls: speaks TLS with it.
        prefix: the path below which the hub lives, as on a mirror ("/huggingface").
        name: of its host in its address; it listens on 127.0.0.1 in any case.
    """

    daemon_threads = False  # joined by server_close: a test sees no leaked thread
    request_queue_size = 64

    def __init__(self, hub: FakeHub, where: str, tls: ssl.SSLContext | None, prefix: str, name: str) -> None:
        self.hub, self.where, self.prefix, self._tls = hub, where, prefix, tls
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"{'https' if tls else 'http'}://{name}:{self.server_address[1]}{prefix}"

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection; TLS is agreed on here, in the connection's own thread."""
        if self._tls is not None:
            request.settimeout(Handler.timeout)
            request = self._tls.wrap_socket(request, server_side=True)
        with self._lock:
            self._open.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)
            with contextlib.suppress(OSError):
                request.shutdown(socket.SHUT_WR)
            request.close()

    def hang_up(self) -> None:
        """End all connections; idle ones would be waited for."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what this server is for."""


_API = re.compile(r"^/api/models/([^/]+/[^/]+)(?:/revision/([^/]+)|/tree/([^/]+)(?:/.*)?)?$")
_RESOLVE = re.compile(r"^/([^/]+/[^/]+)/resolve/([^/]+)/(.+)$")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True
    server: HubServer  # pyright: ignore[reportIncompatibleVariableOverride] - only ever made by one
    entry: Request

    def log_message(self, format: str, *args: object) -> None:
        """Quiet; `FakeHub.log` has it all."""

    def do_HEAD(self) -> None:
        self._handle()

    def do_GET(self) -> None:
        self._handle()

    @property
    def hub(self) -> FakeHub:
        """Whose server this is."""
        return self.server.hub

    def _handle(self) -> None:
        path = unquote(urlsplit(self.path).path)
        is_ours = path.startswith(self.server.prefix)
        path = path.removeprefix(self.server.prefix)
        api, resolve = _API.match(path), _RESOLVE.match(path)
        where = "cdn" if self.server.where == "cdn" else "api" if api else "resolve"
        name = resolve[3] if resolve else path
        self.entry = self.hub.note(where, self.command, name, self.headers.get("Range"), dict(self.headers.items()))
        if self._fail_first(where, name):
            return
        if not is_ours:
            self._error(404, "")
        elif api:
            self._api(api[1], api[2] or api[3] or "main", is_tree=api[3] is not None)
        elif resolve:
            self._file(resolve[1], resolve[2], name, is_cdn=where == "cdn")
        else:
            self._error(404, "")

    def _fail_first(self, where: str, name: str) -> bool:
        faults = self.hub.faults
        if fault := faults.take("status", where, name):
            self._error(fault.status, fault.error_code, _retry_after(fault))
            return True
        if faults.take("html", where, name):
            self.answer(200, b"<html>Please log in to the hotel's network</html>", {"Content-Type": "text/html"})
            return True
        if where != "api" and faults.take("redirect", where, name):
            self.answer(302, b"", {"Location": self.path if where == "resolve" else f"{self.hub.cdn}{self.path}"})
            return True
        if where != "cdn" and (fault := faults.take("stall", where, name)):
            self.hub.wait(fault.seconds)
        return False

    def _api(self, repo: str, revision: str, *, is_tree: bool) -> None:
        found = self.hub.find(repo, revision)
        if found is None:
            self._error(404, "RevisionNotFound" if self.hub.find(repo, "main") else "RepoNotFound")
            return
        commit, files = found
        has_lfs = self.hub.faults.take("no_lfs", "api", repo) is None
        wrong = self.hub.faults.take("wrong_listing", "api", repo)
        listed = [(n, max(1, f.size + wrong.delta) if wrong else f.size, f.sha256) for n, f in files.items()]
        document: object
        if is_tree:
            document = [
                {"type": "file", "path": n, "size": size, "oid": "0" * 40, "lfs": _lfs("oid", sha256, size)}
                for n, size, sha256 in listed
            ]
        else:
            siblings = [
                {"rfilename": n, "size": size, "blobId": "0" * 40, "lfs": _lfs("sha256", sha256, size)}
                if has_lfs
                else {"rfilename": n}
                for n, size, sha256 in listed
            ]
            document = {
                "id": repo,
                "modelId": repo,
                "sha": commit,
                "private": False,
                "gated": "manual" if self.hub.gates.get(repo) else False,
                "tags": ["gguf"],
                "siblings": siblings,
            }
        self.answer(200, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def _file(self, repo: str, revision: str, name: str, *, is_cdn: bool) -> None:
        found = self.hub.find(repo, revision)
        if found is None or name not in found[1]:
            self._error(404, "EntryNotFound" if found else "RevisionNotFound")
            return
        commit, file = found[0], found[1][name]
        if is_cdn:
            if self._has_expired(name):
                self.answer(403, b"<Error><Code>AccessDenied</Code></Error>", {"Content-Type": "application/xml"})
            else:
                hub_bodies.answer(self, file, name)
        elif (token := self.hub.gates.get(repo)) and self.headers.get("Authorization") != f"Bearer {token}":
            self._error(403 if self.headers.get("Authorization") else 401, "GatedRepo")
        else:
            self._redirect(repo, commit, name, file)

    def _redirect(self, repo: str, commit: str, name: str, file: StoredFile) -> None:
        etag = "f" * 64 if self.hub.faults.take("wrong_etag", "resolve", name) else file.sha256
        signature = self.hub.sign()
        headers = {
            "X-Repo-Commit": commit,
            "X-Linked-Etag": f'"{etag}"',
            "X-Linked-Size": str(file.size),
            "Location": f"{self.hub.cdn}/{repo}/resolve/{commit}/{quote(name)}?X-Signature={signature}",
        }
        self.answer(302, b"", headers)

    def _has_expired(self, name: str) -> bool:
        signature = parse_qs(urlsplit(self.path).query).get("X-Signature", [""])[0]
        used, age_s = self.hub.use_signature(signature)
        fault = self.hub.faults.take("expire", "cdn", name)
        if fault is None:
            return False
        has_expired = age_s > fault.seconds or (fault.requests is not None and used > fault.requests)
        fault.hits -= not has_expired  # it was only looked at
        return has_expired

    def break_off(self, *, hard: bool) -> None:
        """End the connection in the middle."""
        self.close_connection = True
        if hard:  # SO_LINGER 0: the client sees a reset instead of an end
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _error(self, status: int, code: str, extra: dict[str, str] | None = None) -> None:
        headers = {"Content-Type": "application/json", **({"X-Error-Code": code} if code else {}), **(extra or {})}
        self.answer(status, json.dumps({"error": code or f"status {status}"}).encode(), headers)

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """A whole small answer."""
        self.entry.status = status
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


def _lfs(key: str, sha256: str, size: int) -> dict[str, object]:
    return {key: sha256, "size": size, "pointerSize": 134}


def _retry_after(fault: Fault) -> dict[str, str]:
    if fault.retry_after is None:
        return {}
    date = email.utils.formatdate(time.time() + fault.retry_after, usegmt=True)
    return {"Retry-After": date if fault.retry_after_is_date else str(fault.retry_after)}
