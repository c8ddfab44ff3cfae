"""What can go wrong between a hub and a download, as small data; and random mixtures of it that a seed repeats."""

from __future__ import annotations

import fnmatch
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Where = Literal["cdn", "resolve", "api"]
FaultKind = Literal[
    "cut",
    "reset",
    "stall",
    "throttle",
    "throttle_total",
    "crowded",
    "corrupt",
    "wrong_length",
    "wrong_body",
    "chunked",
    "no_size",
    "no_range",
    "wrong_range",
    "no_content_range",
    "unsatisfiable",
    "redirect",
    "expire",
    "wrong_etag",
    "status",
    "html",
    "no_lfs",
    "wrong_listing",
]
_IN_A_BODY = ("cut", "reset", "stall")  # these wait for a body that is long enough
_GARBLED = 0x5A


@dataclass
class Fault:
    """Something that goes wrong.

    Attributes:
        kind: what:
            cut: the connection ends after `after_bytes` of a body (reset: hard, what is under way is lost);
            stall: nothing more comes for `seconds`; throttle: at most `rate_bytes_s` per connection (throttle_total: all together);
            crowded: with more than `connections` bodies at once the next gets `status` (0: is hung up on);
            corrupt: `length` bytes from `after_bytes` of the file are wrong;
            wrong_length: Content-Length is off by `delta`, the body is not; wrong_body: the body (with its Content-Length) is
            longer or shorter by `delta` than the Content-Range says; chunked: chunks, no length; no_size: the body ends with
            the connection; no_range: answers 200 with everything; wrong_range: answers a neighbouring range;
            no_content_range: 206 without saying which; unsatisfiable: 416 to a sound range;
            redirect: once more to the same address (times=None: a loop);
            expire: a signed address is good for `requests` requests or `seconds`, then 403; a new redirect has a new one;
            wrong_etag: the redirect (or, with where="cdn", the storage host) names another content;
            status: answers `status` (with `error_code`, and `retry_after` in seconds or as a date); html: a login page;
            no_lfs: the listing has no checksums; wrong_listing: the listing's sizes are off by `delta`.
        path: which files (shell pattern), "*" is all.
        where: "cdn" (the bytes), "resolve" (the hub's redirect) or "api" (the listing).
        times: how often; None is always.
        skip: so many requests that it would hit are let through first.
        hits: how often it happened.
    """

    kind: FaultKind
    path: str = "*"
    where: Where = "cdn"
    times: int | None = 1
    skip: int = 0
    after_bytes: int = 0
    length: int = 1
    delta: int = 0
    seconds: float = 60.0
    rate_bytes_s: float = 1e6
    connections: int = 1
    requests: int | None = None
    status: int = 503
    error_code: str = ""
    retry_after: int | None = None
    retry_after_is_date: bool = False
    hits: int = 0
    free_at: float = field(default=0.0, repr=False)

    def garble(self, block: bytes, offset: int) -> bytes:
        """A piece of the file at `offset`, with this fault's wrong bytes in it."""
        first, last = max(0, self.after_bytes - offset), min(len(block), self.after_bytes + self.length - offset)
        if first >= last:
            return block
        return block[:first] + bytes(b ^ _GARBLED for b in block[first:last]) + block[last:]

    def can_hit(self, start: int, end: int) -> bool:
        """Whether it would show in an answer of these bytes."""
        if self.kind == "corrupt":
            return self.after_bytes < end and self.after_bytes + self.length > start
        return self.kind not in _IN_A_BODY or self.after_bytes < end - start


class Faults:
    """The faults that are armed, counted down as they happen. Used by many threads."""

    def __init__(self) -> None:
        self.armed: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Arm one."""
        with self._lock:
            self.armed.append(fault)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self.armed.clear()

    def take(self, kind: FaultKind, where: str, path: str, span: tuple[int, int] = (0, 1 << 62)) -> Fault | None:
        """The next fault of that kind for a request, counted down.

        Args:
            kind: of fault.
            where: of request.
            path: of the file.
            span: first byte and end of the answer; a fault that lies beyond it waits.
        """
        with self._lock:
            for fault in self.armed:
                if fault.kind != kind or fault.where != where or not fnmatch.fnmatch(path, fault.path):
                    continue
                if fault.times == 0 or not fault.can_hit(*span):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                fault.hits += 1
                return fault
        return None

    def crowded(self, path: str, at_once: int) -> Fault | None:
        """The fault that refuses this many bodies at once."""
        with self._lock:
            limits = [f for f in self.armed if f.kind == "crowded" and fnmatch.fnmatch(path, f.path)]
        found = next((f for f in limits if at_once > f.connections), None)
        return self.take("crowded", found.where, path) if found else None

    def turn(self, fault: Fault, count: int) -> float:
        """When `count` bytes may go, of a rate that all connections share (time.monotonic)."""
        with self._lock:
            at = max(time.monotonic(), fault.free_at)
            fault.free_at = at + count / fault.rate_bytes_s
            return at


def random_faults(chance: random.Random, size_bytes: int = 1_000_000) -> list[Fault]:
    """One to four faults for files of about that size; the same seed gives the same ones.

    Most are over after a few hits; one in eight never is, so that some downloads cannot end well.
    """
    makers = chance.choices(_MAKERS, [weight for weight, _ in _MAKERS], k=chance.randint(1, 4))
    faults = [make(chance, size_bytes) for _, make in makers]
    for fault in faults:
        if fault.times == 1:
            fault.times = None if chance.random() < 0.125 else chance.randint(1, 3)
        fault.skip = chance.choice((0, 0, 0, 0, 1, 3))
    return faults


def _soon(chance: random.Random, size: int) -> int:
    """Into a body, which may be a small part of the file."""
    return chance.randrange(max(1, size // chance.choice((1, 4, 16))))


def _status(chance: random.Random, _: int) -> Fault:
    where: Where = chance.choice(("cdn", "cdn", "resolve", "resolve", "api"))
    status, code = chance.choice(
        (
            *((s, "") for s in (408, 429, 500, 502, 503, 504) * 2),
            (401, "RepoNotFound"),
            (403, "GatedRepo"),
            (403, ""),
            (404, "EntryNotFound"),
            (404, "RevisionNotFound"),
        )
    )
    wait = chance.choice((None, 0, 1)) if status in (429, 503) else None
    return Fault(
        "status",
        where=where,
        status=status,
        error_code=code,
        retry_after=wait,
        retry_after_is_date=chance.random() < 0.3,
    )


def _corrupt(chance: random.Random, size: int) -> Fault:
    return Fault("corrupt", after_bytes=chance.randrange(size), length=chance.choice((1, 1, 5000, size // 3)))


def _off_by(kind: FaultKind, where: Where = "cdn") -> Callable[[random.Random, int], Fault]:
    def make(chance: random.Random, size: int) -> Fault:
        return Fault(kind, where=where, delta=chance.choice((-1, 1)) * chance.choice((1, 10, size // 5)))

    return make


def _plain(kind: FaultKind, where: Where = "cdn") -> Callable[[random.Random, int], Fault]:
    return lambda _chance, _size: Fault(kind, where=where)


_MAKERS: tuple[tuple[int, Callable[[random.Random, int], Fault]], ...] = (
    (6, lambda chance, size: Fault("cut", after_bytes=_soon(chance, size))),
    (6, lambda chance, size: Fault("reset", after_bytes=_soon(chance, size))),
    (3, lambda chance, size: Fault("stall", after_bytes=_soon(chance, size), seconds=2)),
    (1, lambda _chance, _size: Fault("stall", where="resolve", seconds=2)),
    (3, lambda chance, _: Fault("throttle", rate_bytes_s=chance.uniform(2e6, 2e7), times=None)),
    (2, lambda chance, _: Fault("throttle_total", rate_bytes_s=chance.uniform(3e6, 2e7), times=None)),
    (
        3,
        lambda chance, _: Fault(
            "crowded", connections=chance.randint(1, 2), status=chance.choice((0, 429, 503)), times=None
        ),
    ),
    (6, _corrupt),
    (4, _status),
    (2, _off_by("wrong_length")),
    (2, _off_by("wrong_body")),
    (1, _off_by("wrong_listing", "api")),
    (2, lambda chance, _: Fault("expire", requests=chance.randint(1, 4), times=None)),
    *((2, _plain(kind)) for kind in ("no_range", "wrong_range", "unsatisfiable", "redirect", "wrong_etag")),
    *((1, _plain(kind)) for kind in ("chunked", "no_size", "no_content_range", "html")),
    (1, _plain("wrong_etag", "resolve")),
    (1, _plain("redirect", "resolve")),
    (1, _plain("html", "resolve")),
    (1, _plain("no_lfs", "api")),
)
