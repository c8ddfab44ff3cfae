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
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tests.fakes.hub_faults import Fault, Faults, random_faults
from tests.fakes.hub_server import HubServer

if TYPE_CHECKING:
    import ssl

    import pytest

__all__ = ["FakeHub", "Fault", "Request", "StoredFile", "random_faults", "serving"]


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
class StoredFile:
    """A file of a repository."""

    source: bytes | Path
    size: int
    sha256: str

    def read(self, start: int, length: int) -> bytes:
        """A piece of it."""
        if isinstance(self.source, bytes):
            return self.source[start : start + length]
        with self.source.open("rb") as stream:
            stream.seek(start)
            return stream.read(length)


@dataclass
class _Repo:
    commits: list[tuple[str, dict[str, StoredFile]]] = field(default_factory=list[tuple[str, dict[str, StoredFile]]])

    def at(self, revision: str) -> tuple[str, dict[str, StoredFile]] | None:
        if revision == "main":
            return self.commits[-1]
        return next((c for c in self.commits if c[0] == revision), None)


class FakeHub:
    """The two servers as a context manager. Everything may be changed while it runs.

    Args:
        tls: both servers speak TLS with it.
        prefix: the path below which the hub lives, as on a mirror ("/huggingface").
        name: what both hosts are called, "127.0.0.1" or a name that only a proxy can find (see tests/fakes/proxy.py).

    Attributes:
        log: every request.
        faults: what goes wrong.
        gates: repository -> the token that opens it.
        most_at_once: bodies that were under way at the same time, at most.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, prefix: str = "", name: str = "127.0.0.1") -> None:
        self.log: list[Request] = []
        self.faults = Faults()
        self.gates: dict[str, str] = {}
        self.most_at_once = 0
        self._repos: dict[str, _Repo] = {}
        self._signatures: dict[str, tuple[int, float]] = {}
        self._bodies = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._servers = [HubServer(self, "hub", tls, prefix, name), HubServer(self, "cdn", tls, "", name)]
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
            server.hang_up()
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

    def add_file(self, repo: str, path: str, content: bytes | Path, sha256: str | None = None) -> str:
        """Add or replace a file: a new commit, as on the hub. Returns the file's sha256.

        `sha256` is what the hub shall say of a sparse file of hundreds of GB, which nobody wants to read.
        """
        digest = hashlib.sha256()
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        if isinstance(content, bytes):
            digest.update(content)
        elif sha256 is None:
            with content.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        checksum = sha256 or digest.hexdigest()
        with self._lock:
            found = self._repos.setdefault(repo, _Repo())
            files = dict(found.commits[-1][1]) if found.commits else {}
            files[path] = StoredFile(content, size, checksum)
            text = repr((repo, len(found.commits), sorted((n, f.sha256) for n, f in files.items())))
            found.commits.append((hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), files))
        return checksum

    def commit(self, repo: str) -> str:
        """The newest commit of a repository."""
        return self._repos[repo].commits[-1][0]

    def rewrite(self, repo: str, path: str, content: bytes) -> str:
        """Other bytes in the newest commit, which no sound hub does. Returns the new sha256."""
        checksum = hashlib.sha256(content).hexdigest()
        with self._lock:
            self._repos[repo].commits[-1][1][path] = StoredFile(content, len(content), checksum)
        return checksum

    def gate(self, repo: str, token: str) -> None:
        """From now on the files of a repository are given only to who shows this token."""
        self.gates[repo] = token

    def fail(self, fault: Fault) -> Fault:
        """Let something go wrong from now on."""
        self.faults.add(fault)
        return fault

    def heal(self) -> None:
        """Forget all faults."""
        self.faults.clear()

    def sent_bytes(self, path: str = "*") -> int:
        """File bytes handed to the network so far."""
        return sum(r.sent_bytes for r in self.log if r.where == "cdn" and fnmatch.fnmatch(r.path, path))

    def gets(self, path: str = "*") -> list[Request]:
        """The requests for file bytes, in order."""
        return [r for r in self.log if r.where == "cdn" and r.method == "GET" and fnmatch.fnmatch(r.path, path)]

    def leaks(self) -> list[Request]:
        """Requests that showed an access token to the storage host, where it does not belong."""
        return [r for r in list(self.log) if r.where == "cdn" and "authorization" in {h.lower() for h in r.headers}]

    # What the handlers use.

    def note(self, where: str, method: str, path: str, asked: str | None, headers: dict[str, str]) -> Request:
        """Put a request into the log."""
        entry = Request(where, method, path, asked, headers)
        self.log.append(entry)
        return entry

    def find(self, repo: str, revision: str) -> tuple[str, dict[str, StoredFile]] | None:
        """Commit and files, or None."""
        found = self._repos.get(repo)
        return found.at(revision) if found else None

    def sign(self) -> str:
        """A new signature for the storage host."""
        with self._lock:
            signature = str(len(self._signatures) + 1)
            self._signatures[signature] = (0, time.monotonic())
        return signature

    def use_signature(self, signature: str) -> tuple[int, float]:
        """How often a signature was used, this time included, and its age in seconds."""
        with self._lock:
            used, since = self._signatures.get(signature, (1 << 30, 0.0))
            self._signatures[signature] = (used + 1, since)
        return used + 1, time.monotonic() - since

    @contextmanager
    def body_under_way(self) -> Generator[int]:
        """Around a body; the value is how many there are now."""
        with self._lock:
            self._bodies += 1
            at_once = self._bodies
            self.most_at_once = max(self.most_at_once, at_once)
        try:
            yield at_once
        finally:
            with self._lock:
                self._bodies -= 1

    def wait(self, seconds: float) -> None:
        """Sleep, but not longer than the server lives."""
        if seconds > 0:
            self._closing.wait(seconds)


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch) -> Generator[FakeHub]:
    """A hub that this process takes for the real one, its client's connections closed at the end."""
    from huggingface_hub.utils import close_session

    with FakeHub() as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield server
        close_session()


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
