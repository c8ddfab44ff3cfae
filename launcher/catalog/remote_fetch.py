"""The first bytes of a file on a web server, by Range requests that grow until the header is complete.

One parser asks, this answers: bytes go into a spool file, of which the header's part is kept. A server that ignores Range is
read from the front and cut off. The content is told by the hub's own checksum (X-Linked-Etag, which survives redirects to
changing storage hosts) or else by the ETag; another one between two ranges begins anew.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from launcher.catalog import hub, network
from launcher.catalog.remote_errors import (
    TransientError,
    changed,
    no_size,
    nothing_came,
    refused,
    stopped,
    too_slow,
    translated,
    web_page,
    wrong_place,
)

if TYPE_CHECKING:
    import httpx2

_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")
_PLAIN = re.compile(r"[!#-~]+")
# A header begins with its vocabulary, 4-8 MB; the later shards of a set have only their tensors, some kB.
_FIRST_BYTES, _LATER_SHARD_BYTES = 2**20, 2**16
_MIN_STEP_BYTES, _MAX_STEP_BYTES = 2**18, 2**21
_WINDOW_BYTES = 2**18


@dataclass(frozen=True, slots=True)
class Target:
    """A file to look into.

    Attributes:
        url: where it is.
        name: its path in the repository, or its file name.
        repo: the hub's repository; None on any other server, which never sees the hub's token.
        size_bytes, sha256: what the hub's listing says, None where nothing does.
        is_first: the first file of a set, which holds the vocabulary.
    """

    url: str
    name: str
    repo: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    is_first: bool = True


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a fetch may take.

    Attributes:
        stall_s: silence that counts as a lost connection.
        request_s: the longest that one range (2 MiB at most) may take.
        attempts: tries in a row that bring less than 256 KiB each.
        delay_s: before the second try; doubles.
    """

    connect_s: float = 10.0
    stall_s: float = 10.0
    request_s: float = 90.0
    attempts: int = 3
    delay_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Halt:
    """Ends all fetches of a set: the user's wish, or the failure of one of them."""

    wished: threading.Event
    failed: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise when it is over."""
        if self.wished.is_set() or self.failed.is_set():
            raise stopped()


class ChangedError(Exception):
    """The file was replaced between two ranges."""


class RangeFile:
    """The beginning of a remote file. `read` is what the header's parser asks."""

    def __init__(self, target: Target, spool: BinaryIO, halt: Halt, patience: Patience) -> None:
        self.fetched_bytes = 0
        self.total_bytes = 0
        self.etag = ""
        self._target, self._spool, self._halt, self._patience = target, spool, halt, patience
        self._have = 0
        self._began = False
        self._has_ranges = True

    def begin(self) -> None:
        """Fetch the first bytes; `total_bytes` and `etag` are known then.

        Raises:
            UserError: see `remote_errors`.
        """
        self._fetch_to(_FIRST_BYTES if self._target.is_first else _LATER_SHARD_BYTES)

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to at least `end`; fewer where the file ends.

        Raises:
            ChangedError: it is another file now.
            UserError: see `remote_errors`.
        """
        self.ensure(end)
        self._spool.seek(start)
        return self._spool.read(max(end - start, _WINDOW_BYTES))

    def ensure(self, end: int) -> None:
        """Have the bytes before `end` in the spool file, some more where it has to ask. Raises as `read`."""
        if end > self._have:
            # Without ranges each request begins at 0, so that few large ones are cheaper.
            step = min(max(self._have, _MIN_STEP_BYTES), _MAX_STEP_BYTES) if self._has_ranges else self._have
            self._fetch_to(max(end, self._have + step))

    def is_still(self, etag: str, total_bytes: int) -> bool:
        """Whether the file is the one known by this ETag: one request, no bytes of it.

        Raises:
            UserError: see `remote_errors`.
        """
        # An ETag is the server's word: only a plain one goes back into a header.
        condition = {"If-None-Match": f'"{etag}"'} if _PLAIN.fullmatch(etag) else {}
        try:
            with self._answer({"Range": "bytes=0-0"} | condition) as response:
                if response.status_code == 304:
                    return True
                if response.status_code >= 400:
                    raise self._refused(response)
                return bool(etag) and _etag(response) == etag and _total(response) == total_bytes
        except TransientError as error:
            raise error.known from error

    def _fetch_to(self, end: int) -> None:
        failures = 0
        while not self._began or self._have < min(end, self.total_bytes):
            self._halt.check()
            have = self._have
            try:
                self._attempt(end)
            except TransientError as error:
                failures = 1 if self._have - have >= _MIN_STEP_BYTES else failures + 1
                if failures >= self._patience.attempts:
                    raise error.known from error
                self._halt.failed.wait(self._patience.delay_s * 2 ** (failures - 1))

    def _attempt(self, end: int) -> None:
        have = self._have
        with self._answer({"Range": f"bytes={have}-{end - 1}"}) as response:
            position = self._position(response)
            deadline = time.monotonic() + self._patience.request_s
            self._spool.seek(have)
            for chunk in response.iter_raw():
                self._halt.check()
                self.fetched_bytes += len(chunk)
                fresh = chunk[max(0, self._have - position) :]
                position += len(chunk)
                self._spool.write(fresh)
                self._have += len(fresh)
                if self._have >= end:
                    break
                if time.monotonic() > deadline:
                    raise too_slow(self._target.url, self._have, self._patience.request_s)
        if self._have == have < self.total_bytes:
            raise TransientError(nothing_came(self._target.url))

    def _position(self, response: httpx2.Response) -> int:
        """Where the answer's bytes belong."""
        if response.status_code == 416 and not self._began and _total(response) == 0:
            self._identify(response, 0)  # an empty file has no range
            return 0
        if response.status_code >= 400:
            raise self._refused(response)
        if "text/html" in response.headers.get("Content-Type", ""):
            raise web_page(self._target.url)
        self._identify(response, _total(response))
        if response.status_code != 206:
            self._has_ranges = False
            return 0
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is None or found[1] is None or int(found[1]) != self._have:
            raise TransientError(wrong_place(self._target.url))
        return self._have

    def _identify(self, response: httpx2.Response, total: int | None) -> None:
        target = self._target
        if total is None:
            raise no_size(target.url, target.name)
        etag = _etag(response)
        is_other = hub.is_sha256(target.sha256) and hub.is_sha256(etag) and etag != target.sha256
        if is_other or (self._began and (etag, total) != (self.etag, self.total_bytes)):
            raise ChangedError
        if target.size_bytes not in (None, total):
            raise changed(target.name, total, target.size_bytes or 0)
        self.etag, self.total_bytes, self._began = etag, total, True

    def _refused(self, response: httpx2.Response) -> Exception:
        error = refused(response.status_code, response.headers, self._target.url, self._target.repo, self._target.name)
        is_storage = bool(response.history) and self._target.repo is not None
        # A signed address that has run out: the hub gives a new one.
        return TransientError(error) if is_storage or error.code == "hub_trouble" else error

    @contextmanager
    def _answer(self, headers: dict[str, str]) -> Generator[httpx2.Response]:
        import httpx2
        from huggingface_hub.errors import OfflineModeIsEnabled

        target, patience = self._target, self._patience
        client = network.session()
        timeout = httpx2.Timeout(patience.stall_s, connect=patience.connect_s)
        own = hub.request_headers(with_token=target.repo is not None) | {"Accept-Encoding": "identity"} | headers
        try:
            with client.stream("GET", target.url, headers=own, timeout=timeout) as response:
                yield response
        except (httpx2.HTTPError, httpx2.InvalidURL, OfflineModeIsEnabled) as error:
            raise translated(error, target.url, target.repo, target.name, patience.stall_s) from error
        except RuntimeError as error:
            if not client.is_closed:
                raise
            # Another thread renewed the shared client (huggingface_hub does after a connection error).
            raise translated(
                httpx2.ReadError(str(error)), target.url, target.repo, target.name, patience.stall_s
            ) from error


def _linked(response: httpx2.Response, name: str) -> str:
    """What the hub says of the file itself on the way to its storage host (a renamed repository adds another redirect)."""
    return next((hop.headers[name] for hop in [*response.history, response] if name in hop.headers), "")


def _etag(response: httpx2.Response) -> str:
    """What tells this content from another: the hub's checksum, else the ETag, else the date of the last change."""
    found = _linked(response, "X-Linked-Etag") or response.headers.get("ETag", "")
    return found.removeprefix("W/").strip('"') or response.headers.get("Last-Modified", "")


def _total(response: httpx2.Response) -> int | None:
    """Size of the whole file; None when nothing says it."""
    if response.status_code in (206, 416):
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        text = found[2] if found else ""
    else:
        text = response.headers.get("Content-Length", "")
    if not text.isdigit():
        text = _linked(response, "X-Linked-Size")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
