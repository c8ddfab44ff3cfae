"""A hub on this machine: speaks enough of the Hugging Face Hub's HTTP API for the real huggingface_hub client, and fails on demand.

    with FakeHub() as hub:
        hub.add_file("org/model-GGUF", "model-Q4_K_M.gguf", path_or_bytes)
        hub.fail(Fault("cut", after_bytes=1_000_000, times=2))
        os.environ.update(hub.environment())

Two servers on 127.0.0.1, as in the world: the hub answers the API and redirects large files to a second host (the "CDN")
with a signed URL. Every request is kept in `hub.log`. To try the app by hand:

    python -m tests.fakes.hub --repo org/model-GGUF --file model.gguf [--rate 5000000]
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal, cast
from urllib.parse import quote, unquote, urlsplit

CHUNK = 64 * 1024

FaultKind = Literal[
    "cut", "reset", "stall", "throttle", "corrupt", "status", "no_range", "wrong_range", "wrong_etag", "html", "no_lfs"
]


@dataclass
class Fault:
    """Something that goes wrong.

    Attributes:
        kind: cut: the connection ends after `after_bytes` of a body (reset: hard, what is under way is lost); stall: nothing more comes for `seconds`;
            throttle: at most `rate_bytes_s`; corrupt: one byte at `after_bytes` of the file is wrong; status: answers `status`
            (with `error_code` and `retry_after`); no_range: answers 200 with everything; wrong_range: answers another range;
            wrong_etag: the redirect names another content; html: a login page; no_lfs: the listing has no checksums.
        path: which files (shell pattern), "*" is all.
        where: "cdn" (the bytes), "resolve" (the hub's redirect) or "api" (the listing).
        times: how often; None is always.
    """

    kind: FaultKind
    path: str = "*"
    where: Literal["cdn", "resolve", "api"] = "cdn"
    times: int | None = 1
    after_bytes: int = 0
    seconds: float = 60.0
    rate_bytes_s: float = 1e6
    status: int = 503
    error_code: str = ""
    retry_after: int | None = None


@dataclass
class Request:
    """One request as the server saw it. `sent_bytes` counts body bytes handed to the network."""

    where: str
    method: str
    path: str
    range: str | None
    headers: dict[str, str]
    status: int = 0
    sent_bytes: int = 0


@dataclass
class _File:
    source: bytes | Path
    size: int
    sha256: str

    def read(self, start: int, length: int) -> bytes:
        if isinstance(self.source, bytes):
            return self.source[start : start + length]
        with self.source.open("rb") as stream:
            stream.seek(start)
            return stream.read(length)


@dataclass
class _Repo:
    commits: list[tuple[str, dict[str, _File]]] = field(default_factory=list[tuple[str, dict[str, _File]]])

    def at(self, revision: str) -> tuple[str, dict[str, _File]] | None:
        if revision == "main":
            return self.commits[-1]
        return next((c for c in self.commits if c[0] == revision), None)


class FakeHub:
    """The two servers as a context manager. Everything may be changed while it runs."""

    def __init__(self) -> None:
        self.log: list[Request] = []
        self._repos: dict[str, _Repo] = {}
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._servers = [_Server(self, where) for where in ("hub", "cdn")]
        self._threads = [
            threading.Thread(target=s.serve_forever, args=(0.05,), name=f"fake-{s.where}") for s in self._servers
        ]

    def __enter__(self) -> FakeHub:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()

    @property
    def endpoint(self) -> str:
        """What HF_ENDPOINT must be."""
        return self._servers[0].address

    @property
    def cdn(self) -> str:
        """Where the bytes come from."""
        return self._servers[1].address

    def environment(self) -> dict[str, str]:
        """Variables that point a program at this hub, past any proxy."""
        return {
            "HF_ENDPOINT": self.endpoint,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }

    def add_file(self, repo: str, path: str, content: bytes | Path) -> str:
        """Add or replace a file: a new commit, as on the hub. Returns the file's sha256."""
        digest = hashlib.sha256()
        if isinstance(content, bytes):
            digest.update(content)
            size = len(content)
        else:
            size = content.stat().st_size
            with content.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        with self._lock:
            found = self._repos.setdefault(repo, _Repo())
            files = dict(found.commits[-1][1]) if found.commits else {}
            files[path] = _File(content, size, digest.hexdigest())
            text = repr((repo, len(found.commits), sorted((n, f.sha256) for n, f in files.items())))
            found.commits.append((hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), files))
        return digest.hexdigest()

    def commit(self, repo: str) -> str:
        """The newest commit of a repository."""
        return self._repos[repo].commits[-1][0]

    def fail(self, fault: Fault) -> Fault:
        """Let something go wrong from now on."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def heal(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def sent_bytes(self, path: str = "*") -> int:
        """File bytes handed to the network so far."""
        return sum(r.sent_bytes for r in self.log if r.where == "cdn" and fnmatch.fnmatch(r.path, path))

    def gets(self, path: str = "*") -> list[Request]:
        """The requests for file bytes, in order."""
        return [r for r in self.log if r.where == "cdn" and r.method == "GET" and fnmatch.fnmatch(r.path, path)]

    # What the handlers use.

    def take(self, kind: FaultKind, where: str, path: str) -> Fault | None:
        """The next fault of that kind for a request, counted down."""
        with self._lock:
            for fault in self._faults:
                if (
                    fault.kind == kind
                    and fault.where == where
                    and fnmatch.fnmatch(path, fault.path)
                    and fault.times != 0
                ):
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None

    def find(self, repo: str, revision: str) -> tuple[str, dict[str, _File]] | None:
        """Commit and files, or None."""
        found = self._repos.get(repo)
        return found.at(revision) if found else None

    def wait(self, seconds: float) -> None:
        """Sleep, but not longer than the server lives."""
        self._closing.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # joined by server_close: a test sees no leaked thread

    def __init__(self, hub: FakeHub, where: str) -> None:
        self.hub, self.where = hub, where
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what this server is for."""


_API = re.compile(r"^/api/models/([^/]+/[^/]+)(?:/revision/([^/]+)|/tree/([^/]+)(?:/.*)?)?$")
_RESOLVE = re.compile(r"^/([^/]+/[^/]+)/resolve/([^/]+)/(.+)$")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    server: _Server

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
        self._entry = Request(where, self.command, name, self.headers.get("Range"), dict(self.headers.items()))
        self.server.hub.log.append(self._entry)
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

    def _body(self, file: _File, name: str) -> None:
        hub = self.server.hub
        start, status = 0, 200
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        etag = f'"{file.sha256[:32]}"'
        if asked and not hub.take("no_range", "cdn", name) and self.headers.get("If-Range", etag) == etag:
            start, status = int(asked[1]), 206
            if start >= file.size:
                self._answer(416, b"", {"Content-Range": f"bytes */{file.size}"})
                return
            if hub.take("wrong_range", "cdn", name):
                start = max(0, start - 10)
        self.send_response(status)
        self._entry.status = status
        self.send_header("ETag", etag)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(file.size - start))
        if status == 206:
            self.send_header("Content-Range", f"bytes {start}-{file.size - 1}/{file.size}")
        self.end_headers()
        if self.command == "GET":
            self._send_bytes(file, name, start)

    def _send_bytes(self, file: _File, name: str, start: int) -> None:
        hub, entry = self.server.hub, self._entry
        reset = hub.take("reset", "cdn", name)
        cut, stall = reset or hub.take("cut", "cdn", name), hub.take("stall", "cdn", name)
        slow, wrong = hub.take("throttle", "cdn", name), hub.take("corrupt", "cdn", name)
        began = time.monotonic()
        while start + entry.sent_bytes < file.size:
            left = file.size - start - entry.sent_bytes
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


def main() -> None:
    """Serve files by hand until Ctrl+C."""
    parser = argparse.ArgumentParser(description="A hub on this machine, to try the app without the internet.")
    parser.add_argument("--repo", default="org/model-GGUF")
    parser.add_argument("--file", type=Path, action="append", required=True, help="a GGUF file; several are allowed")
    parser.add_argument("--rate", type=float, help="bytes per second")
    args = parser.parse_args()
    with FakeHub() as hub:
        for path in cast("list[Path]", args.file):
            hub.add_file(args.repo, path.name, path)
        if args.rate:
            hub.fail(Fault("throttle", rate_bytes_s=args.rate, times=None))
        print(" ".join(f"{k}={v}" for k, v in hub.environment().items()), flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("\nclosed")


if __name__ == "__main__":
    main()
