"""The Hugging Face cache's layout, written as huggingface_hub writes it, so that every tool finds our files and we find theirs.

    models--owner--name/blobs/<sha256>              the bytes
    models--owner--name/snapshots/<commit>/<path>   a relative link to them (the bytes themselves where links are not possible)
    models--owner--name/refs/main                   the commit that "main" was

Ours alone: `blobs/<sha256>.launcher.part` (bytes so far), `.launcher.map` (which of them are sure) and `.launcher.json` (what
they are; it stays until the whole item is complete, so that a finished shard of an unfinished set is known as ours). They lie beside the finished blob
because only that folder is sure to be on the same file system (people link single model folders to other disks), so that
`os.replace` finishes a file in one step; and because no cleaner of the hub's tools matches the name (they remove `*.incomplete`).
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from launcher.catalog import hub
from launcher.core.downloads import DownloadRequest
from launcher.core.errors import UserError
from launcher.core.models import ModelFile
from launcher.core.paths import hub_cache_dir
from launcher.core.words import say
from launcher.downloads.disk import kept_maps

PART_SUFFIX = ".launcher.part"
MAP_SUFFIX = ".launcher.map"
JOURNAL_SUFFIX = ".launcher.json"

_ref_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class RepoCache:
    """One repository's folder in the cache."""

    root: Path
    repo: str

    @classmethod
    def of(cls, repo: str, folder: str | None = None) -> RepoCache:
        """The repository's folder in the user's hub cache, or in another folder of that layout."""
        return cls(Path(folder) if folder else hub_cache_dir(), repo)

    @classmethod
    def for_request(cls, request: DownloadRequest) -> RepoCache:
        """Where an item goes."""
        return cls.of(request.repo, request.folder)

    @property
    def folder(self) -> Path:
        """models--owner--name."""
        return self.root / "--".join(("models", *self.repo.split("/")))

    def blob(self, sha256: str) -> Path:
        """The finished bytes."""
        return self.folder / "blobs" / _checked(sha256)

    def part(self, sha256: str) -> Path:
        """The bytes so far."""
        return self.folder / "blobs" / f"{_checked(sha256)}{PART_SUFFIX}"

    def map(self, sha256: str) -> Path:
        """Which of the bytes so far are sure."""
        return self.folder / "blobs" / f"{_checked(sha256)}{MAP_SUFFIX}"

    def journal(self, sha256: str) -> Path:
        """What the bytes so far are."""
        return self.folder / "blobs" / f"{_checked(sha256)}{JOURNAL_SUFFIX}"

    def lock(self, sha256: str) -> Path:
        """huggingface_hub's own lock of the blob: a download by another tool and ours never meet."""
        return self.root / ".locks" / self.folder.name / f"{_checked(sha256)}.lock"

    def pointer(self, commit: str, name: str) -> Path:
        """Where tools look for the file."""
        if not hub.is_commit(commit) or not hub.is_safe_name(name):
            raise UserError(
                "unsafe_name",
                "The hub named a file in a way that could leave its folder.",
                say("{name} at {commit}.", name=f"{name[:80]!r}", commit=f"{commit[:40]!r}"),
            )
        return self.folder.joinpath("snapshots", commit, *name.split("/"))

    def finished(self, commit: str, file: ModelFile) -> Path | None:
        """Where the complete file lies (pointer, else blob), judged by its size; None when it is not there."""
        for path in (self.pointer(commit, file.name), self.blob(file.sha256 or "")):
            if size_of(path) == file.size_bytes:
                return path
        return None

    def prepare(self) -> None:
        """Make the folders. `snapshots` too, though empty: without it the hub's tools call the repository corrupt."""
        (self.folder / "blobs").mkdir(parents=True, exist_ok=True)
        (self.folder / "snapshots").mkdir(exist_ok=True)

    def install(self, commit: str, file: ModelFile) -> Path:
        """Move verified bytes into place and link them; also links a blob that is already there."""
        part = self.part(file.sha256 or "")
        if part.exists():
            os.replace(part, self.blob(file.sha256 or ""))
            kept_maps.keep(self.map(file.sha256 or ""), file.sha256 or "")
        return self.link(commit, file)

    def link(self, commit: str, file: ModelFile) -> Path:
        """Let a snapshot name a blob that is in place. Returns the name."""
        blob, pointer = self.blob(file.sha256 or ""), self.pointer(commit, file.name)
        pointer.parent.mkdir(parents=True, exist_ok=True)
        if size_of(pointer) == file.size_bytes and not blob.exists():
            return pointer  # a system without links: the snapshot holds the bytes
        link = pointer.with_name(f"{pointer.name}.launcher.tmp")
        link.unlink(missing_ok=True)
        try:
            link.symlink_to(os.path.relpath(blob, pointer.parent))
        except OSError:
            os.replace(blob, pointer)  # Windows without the right to link: huggingface_hub moves the new blob too
            return pointer
        os.replace(link, pointer)
        return pointer

    def delete(self, commit: str, file: ModelFile) -> int:
        """Delete a finished file of a snapshot; its bytes stay when another snapshot links to them. Returns the bytes freed."""
        pointer, blob = self.pointer(commit, file.name), self.blob(file.sha256 or "")
        freed = 0 if pointer.is_symlink() else size_of(pointer) or 0
        # The blob first: where the system refuses (Windows: a loaded model), everything is as it was.
        if blob.exists() and not self.is_used_elsewhere(commit, file):
            freed += size_of(blob) or 0
            blob.unlink()
        pointer.unlink(missing_ok=True)
        self._drop_empty(commit)
        return freed

    def is_used_elsewhere(self, commit: str, file: ModelFile) -> bool:
        """Whether a name other than this snapshot's own leads to the file's blob."""
        own, target = self.pointer(commit, file.name), self.blob(file.sha256 or "").resolve()
        links = (p for p in (self.folder / "snapshots").rglob("*") if p != own and p.is_symlink())
        return any(p.resolve() == target for p in links)

    def _drop_empty(self, commit: str) -> None:
        """Take away emptied folders, and the reference to a snapshot that is gone (the hub's tools call that corrupt)."""
        snapshot = self.folder / "snapshots" / commit
        for folder in sorted((p for p in snapshot.rglob("*") if p.is_dir() and not p.is_symlink()), reverse=True):
            if not any(folder.iterdir()):
                folder.rmdir()
        if snapshot.is_dir() and not any(snapshot.iterdir()):
            snapshot.rmdir()
            ref = self.folder / "refs" / "main"
            if ref.is_file() and ref.read_text() == commit:
                ref.unlink()

    def write_ref(self, commit: str, *, is_newest: bool) -> None:
        """Let "main" mean this commit: always when it is the newest, else only when nothing is written there yet."""
        ref = self.folder / "refs" / "main"
        # One name per commit, so that a run that is killed here leaves it to the next one instead of a stray file for ever.
        temporary = ref.with_name(f"main.{commit}.tmp")
        with _ref_lock:  # two items of a repository may end at the same moment
            if ref.exists() and not (is_newest and ref.read_text() != commit):
                temporary.unlink(missing_ok=True)
                return
            ref.parent.mkdir(exist_ok=True)
            try:
                temporary.write_text(commit)
                os.replace(temporary, ref)
            except OSError as error:
                temporary.unlink(missing_ok=True)
                if not (isinstance(error, FileNotFoundError) and ref.exists()):  # then another process was faster
                    raise


def size_of(path: Path) -> int | None:
    """A file's size, through links; None when it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _checked(sha256: str) -> str:
    if not hub.is_sha256(sha256):
        raise UserError(
            "unsafe_name",
            "The hub's checksum of a file has the wrong shape.",
            say("{sha256} is not a sha256.", sha256=f"{sha256[:80]!r}"),
        )
    return sha256
