"""What must hold of downloads at every moment, seen from outside: the folders, the library, and the hub's log of requests."""

from __future__ import annotations

import hashlib
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

from launcher.core.downloads import DownloadProgress, DownloadState
from launcher.core.paths import hub_cache_dir
from launcher.downloads.disk import index
from launcher.downloads.library import scan as library
from launcher.downloads.transfer.retry import Policy
from tests.fakes.gguf_raw import model_bytes, shard_bytes
from tests.fakes.hub import FakeHub

REPO = "org/model-GGUF"
BLOCK_BYTES = 64 * 1024
"""Small, so that small files have many blocks."""
CONNECTIONS = 4

ALLOWED_ENDS = frozenset(
    {
        "connection_lost",
        "hub_unreachable",
        "hub_trouble",
        "hub_unexpected",
        "rate_limited",
        "gated",
        "repo_not_found",
        "revision_not_found",
        "file_not_found",
        "file_changed",
        "checksum_mismatch",
        "no_checksum",
    }
)
"""What the faults of this hub may be called in the end."""


def policy_fields(**chosen: float) -> dict[str, Any]:
    """Patience for a hub that fails a lot, on this machine: fields of Policy."""
    values: dict[str, Any] = {
        "attempts": 5,
        "first_delay_s": 0.01,
        "max_delay_s": 0.05,
        "connect_s": 3.0,
        "stall_s": 0.5,
        "max_wait_s": 1.5,
        "block_bytes": BLOCK_BYTES,
        "run_bytes": 2 * BLOCK_BYTES,
        "connections": CONNECTIONS,
        **chosen,
    }
    known = {f.name for f in fields(Policy)}
    return {name: value for name, value in values.items() if name in known}


def gguf_bytes(count: int = 1) -> list[bytes]:
    """The files of a complete model, as small as can be; what follows in a file is of no concern to the library."""
    return [model_bytes(elements=32)] if count == 1 else shard_bytes(count, elements=32)


def check_visible(hub: FakeHub, repo: str = REPO, *, sums: bool = True) -> None:
    """Every file that other programs can see is complete and right; so is what the library lists.

    Args:
        hub: where it is from.
        repo: which one.
        sums: compute them; without it only sizes are compared (for moments when a download is running).
    """
    for snapshot in hub_cache_dir().glob("models--*/snapshots/*"):
        found = hub.find(repo, snapshot.name)
        assert found is not None, f"{snapshot.name} is not a commit of the hub's"
        for path in (p for p in snapshot.rglob("*") if not p.is_dir() and ".launcher." not in p.name):
            wanted = found[1][path.relative_to(snapshot).as_posix()]
            assert path.stat().st_size == wanted.size, f"{path.name} is visible and not complete"
            if sums:
                assert sha256_of(path) == wanted.sha256, f"{path.name} is visible and wrong"
    for blob in hub_cache_dir().glob("models--*/blobs/*"):
        if len(blob.name) == 64 and sums:
            assert sha256_of(blob) == blob.name, "a finished blob is wrong"
    if sums:
        check_library(hub, repo)


def check_library(hub: FakeHub, repo: str = REPO) -> None:
    """What the library offers to load, and what the index calls verified, is complete."""
    for model in library.installed():
        snapshot = Path(model.path).parent
        found = hub.find(repo, snapshot.name)
        assert found is not None
        shards = [n for n in found[1] if n.partition("-0000")[0] == Path(model.path).name.partition("-0000")[0]]
        for name in shards:
            assert sha256_of(snapshot / name) == found[1][name].sha256, f"the library lists {name}, which is not right"
    for one in index.installed_sets():
        for path, file in zip(one.paths(), one.request.files, strict=True):
            assert sha256_of(path) == file.sha256, f"the index calls {path.name} verified"


def check_done(hub: FakeHub, result: DownloadProgress) -> None:
    """A finished item: every file right, the library has it, nothing of the way there is left."""
    assert result.state is DownloadState.DONE
    assert result.paths
    for path, claimed in zip(map(Path, result.paths), result.sha256, strict=True):
        found = hub.find(REPO, path.parent.name)
        assert found is not None
        assert claimed == found[1][path.name].sha256 == sha256_of(path)
    assert result.done_bytes == result.total_bytes == sum(os.stat(p).st_size for p in result.paths)
    assert any(m.path in result.paths for m in library.installed()), "the library does not list it"
    (entry,) = (s for s in index.installed_sets() if s.request.key == result.key)
    assert tuple(map(str, entry.paths())) == result.paths
    assert entry.is_complete()
    assert not leftovers(), f"left behind after success: {leftovers()}"


def leftovers() -> list[Path]:
    """Everything of ours that is only there on the way: partial files, maps, records, half-made links."""
    names = ("*.launcher.*", "*.tmp", "*.incomplete")
    return [p for name in names for p in hub_cache_dir().rglob(name)]


def parts() -> set[str]:
    """Names of the files that are begun or finished: none of them may ever vanish."""
    names = (p.name for p in hub_cache_dir().glob("models--*/blobs/*"))
    return {n.partition(".")[0] for n in names if n.endswith(".part") or len(n) == 64}


def check_no_leak(hub: FakeHub) -> None:
    """The access token went to the hub only."""
    assert not hub.leaks(), "the token was shown to the storage host"


def sha256_of(path: Path) -> str:
    """Of a whole file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
