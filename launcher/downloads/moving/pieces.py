"""Which files a move takes along, and whether they fit."""

from __future__ import annotations

from pathlib import Path

from launcher.core.downloads import DownloadRequest
from launcher.core.errors import NextStep, UserError
from launcher.core.models import ModelFile
from launcher.core.words import say
from launcher.downloads.disk import space
from launcher.downloads.disk.cache import RepoCache, size_of
from launcher.downloads.disk.index import InstalledSet
from launcher.downloads.moving.record import Piece


def of_installed(owner: InstalledSet, after: DownloadRequest) -> tuple[Piece, ...]:
    """The files of an installed set, once it is sure that they fit.

    Raises:
        UserError: "disk_full", "not_complete".
    """
    source, target = RepoCache.for_request(owner.request), RepoCache.for_request(after)
    pieces = tuple(
        _finished_piece(source, target, owner.request, f, stays=f.sha256 not in owner.fetched_sha256)
        for f in owner.request.files
    )
    if not space.is_same_disk(source.root, target.root):
        needed = sum(p.size_bytes - (size_of(p.waiting) or size_of(Path(p.target)) or 0) for p in pieces)
        space.check_space(target.folder, max(0, needed), 0, 0)
    return pieces


def _finished_piece(
    source: RepoCache, target: RepoCache, request: DownloadRequest, file: ModelFile, *, stays: bool
) -> Piece:
    sha256, size = file.sha256 or "", file.size_bytes or 0
    commit = request.revision or ""
    found = source.finished(commit, file)
    if found is None:
        raise UserError(
            "not_complete",
            "The model is not complete.",
            say("{name} is missing or has another size.", name=file.name),
            (NextStep("Fetch it again", "download_again"),),
        )
    is_shared = source.is_used_elsewhere(commit, file)
    return Piece(str(found.resolve()), str(target.blob(sha256)), size, sha256, stays, is_shared)


def of_partial(request: DownloadRequest, after: DownloadRequest) -> tuple[Piece, ...]:
    """Partial files, their maps, and the finished shards of an unfinished set, once it is sure that all of it fits."""
    source, target = RepoCache.for_request(request), RepoCache.for_request(after)
    pieces: list[Piece] = []
    for file in request.files:
        sha256 = file.sha256 or ""
        if source.finished(request.revision or "", file) is not None:
            stays = not source.journal(sha256).exists()
            pieces.append(_finished_piece(source, target, request, file, stays=stays))
            continue
        for old, new in ((source.part(sha256), target.part(sha256)), (source.map(sha256), target.map(sha256))):
            size = size_of(old)
            if size is not None:
                pieces.append(Piece(str(old), str(new), size))
    if not space.is_same_disk(source.root, target.root):
        # All of it, not only what is here: moving to a disk that is too small for the rest helps nobody.
        there = sum(size_of(p.waiting) or 0 for p in pieces)
        space.check_space(target.folder, max(0, request.file_bytes - there), 0, 0)
    return tuple(pieces)
