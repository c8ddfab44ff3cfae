"""Values of a download and of an installed model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from launcher.core.errors import UserError
from launcher.core.models import ModelFile


class DownloadState(StrEnum):
    """Where a download is. PAUSED and FAILED keep every byte that is on the disk."""

    QUEUED = "queued"
    CHECKING = "checking"
    DOWNLOADING = "downloading"
    VERIFYING = "verifying"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """A file set to fetch: everything needed to start, and to start again after a restart."""

    model: str
    short_name: str
    quant: str
    repo: str
    files: tuple[ModelFile, ...]
    file_bytes: int
    revision: str | None = None

    @property
    def key(self) -> str:
        """Identifies the item ("repo::quant")."""
        return f"{self.repo}::{self.quant}"


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """A download at one instant.

    Attributes:
        resumed_bytes: found on the disk from an earlier run, not fetched again.
        rate_bytes_s: over the last seconds; None before it is known.
        note: a sentence worth showing ("The connection was lost for 41 s. Continued at 2.9 GB.").
        paths: the finished files, when done, in shard order.
    """

    key: str
    state: DownloadState
    done_bytes: int = 0
    total_bytes: int = 0
    resumed_bytes: int = 0
    rate_bytes_s: float | None = None
    note: str = ""
    error: UserError | None = None
    paths: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None when unknown."""
        if not self.rate_bytes_s:
            return None
        return max(0, self.total_bytes - self.done_bytes) / self.rate_bytes_s


@dataclass(frozen=True, slots=True)
class Installed:
    """A model on the disk.

    Attributes:
        path: the file to load (the first shard of a set).
        size_bytes: all shards together.
        origin: "launcher", "hf-cache", "lm-studio", "ollama", "file".
        verified: its sha256 was checked against the hub's.
    """

    model: str
    name: str
    quant: str
    path: str
    size_bytes: int
    architecture: str
    origin: str
    verified: bool
    repo: str | None = None
