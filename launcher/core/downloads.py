"""Values of a download and of an installed model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from launcher.core.download_state import DownloadState as DownloadState
from launcher.core.errors import UserError
from launcher.core.models import ModelFile


class PauseReason(StrEnum):
    """Why a download rests. Only USER waits for the user; the others go on by themselves when their cause is gone."""

    USER = "user"
    DISK_FULL = "disk_full"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """A file set to fetch: everything needed to start, and to start again after a restart.

    Attributes:
        files: all shards and sidecar files, as one item.
        revision: the commit (or branch, tag) that is wanted; None is the newest.
        folder: the folder in the hub cache's layout that it goes to; None is the hub cache itself.
        keeps_revision: the user asked for this very revision: no newer one is offered.
    """

    model: str
    short_name: str
    quant: str
    repo: str
    files: tuple[ModelFile, ...]
    file_bytes: int
    revision: str | None = None
    folder: str | None = None
    keeps_revision: bool = False

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
        retry_in_s: until the next try, while the network is away or (QUEUED) something else that passes is in the way, which `note`
            says; else None.
        pause_reason: while PAUSED.
        limit_bytes_s: this item's own speed limit; None is none.
        paths: the finished files, when done, in shard order.
    """

    key: str
    state: DownloadState
    done_bytes: int = 0
    total_bytes: int = 0
    resumed_bytes: int = 0
    rate_bytes_s: float | None = None
    note: str = ""
    retry_in_s: float | None = None
    pause_reason: PauseReason | None = None
    limit_bytes_s: int | None = None
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


class Origin(StrEnum):
    """Whose a model file is. Only LAUNCHER's are ever deleted or moved by us."""

    LAUNCHER = "launcher"
    HF_CACHE = "hf-cache"
    LLAMA_CPP = "llama.cpp"
    LM_STUDIO = "lm-studio"
    OLLAMA = "ollama"
    JAN = "jan"
    GPT4ALL = "gpt4all"
    FOLDER = "folder"
    """In a folder that the user added."""
    FILE = "file"
    """A single file that the user opened or dropped on the window."""
    BUILT_IN = "built in"
    """Part of this program (catalog/builtin.py): only read."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A complete model on the disk.

    Attributes:
        path: the file to load (the first shard of a set).
        size_bytes: all shards together.
        origin: an `Origin`.
        verified: its sha256 was checked against the publisher's.
        files: every file of it, shards and sidecars; () where only `path` is known.
        revision: the commit it is of, where known.
        pinned: the user wants this revision and no offers of newer ones.
        installed_unix_s: when it came (the file's time for other tools' files).
        last_used_unix_s: when a model was last loaded from it here; None when never.
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
    files: tuple[str, ...] = ()
    revision: str | None = None
    pinned: bool = False
    installed_unix_s: float | None = None
    last_used_unix_s: float | None = None

    @property
    def is_ours(self) -> bool:
        """Whether the launcher fetched it, and so may remove or move it."""
        return self.origin == Origin.LAUNCHER

    @property
    def is_builtin(self) -> bool:
        """Whether it is part of this program."""
        return self.origin == Origin.BUILT_IN
