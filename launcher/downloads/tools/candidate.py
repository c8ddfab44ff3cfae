"""What a program keeps as one model: named by its files, not yet looked into."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from launcher.catalog import hub_files
from launcher.catalog.gguf import shard_names
from launcher.core.downloads import Origin
from launcher.core.errors import UserError
from launcher.core.models import ModelFile

# Beside a file, or before its name: it is still being fetched (aria2; GPT4All's modellist.cpp, incompleteDownloadPath).
_UNFINISHED_BESIDE = ".aria2"
_UNFINISHED_PREFIX = "incomplete"
# A person's models lie a few levels deep (publisher/repository/file); the rest is a safety net, not a wish.
_MAX_DEPTH = 8
_MAX_FOLDERS = 20_000
_MAX_ENTRIES = 500_000
_MAX_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """Files that should be one model.

    Attributes:
        files: those that are there, in shard order.
        count: how many there must be.
        name: what its program calls it ("deepseek-r1:8b"); "" where that is the file's name.
        quant: as the name spells it; "" where it does not say.
        repo: the hub's repository, where known.
        revision: its commit, where known.
    """

    origin: Origin
    files: tuple[Path, ...]
    count: int = 1
    name: str = ""
    quant: str = ""
    repo: str | None = None
    revision: str | None = None


def sets_of(
    root: Path, names: Iterable[str], origin: Origin, repo: str | None = None, revision: str | None = None
) -> Iterator[Candidate]:
    """File names below a folder ("Q8_0/model-00001-of-00002.gguf") as models; projectors, drafters and such are left out."""
    for group in hub_files.group(ModelFile(name) for name in names):
        if not hub_files.is_sidecar(group.files[0].name):
            files = tuple(root.joinpath(*f.name.split("/")) for f in group.files)
            yield Candidate(origin, files, group.count, quant=group.quant or "", repo=repo, revision=revision)


def set_with(path: Path, origin: Origin, name: str = "") -> Candidate | None:
    """The set that one file belongs to, by its name; None where no file of it is there."""
    try:
        paths = [path.with_name(n) for n in shard_names(path.name)]
    except (UserError, ValueError):
        return None
    files = tuple(p for p in paths if is_regular(p))
    return Candidate(origin, files, len(paths), name, hub_files.quant_of(path.name) or "") if files else None


def is_regular(path: Path) -> bool:
    """Whether there is a file, through links: no pipe, no device, no folder."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def gguf_below(root: Path, *, skip: str = "", depth: int = _MAX_DEPTH) -> tuple[str, ...]:
    """Names of the finished GGUF files below a folder, with "/" between folders, sorted.

    Links to folders are followed, each folder once; hidden folders and unreadable ones are passed over. Stops at bounds that
    no collection of models reaches.

    Args:
        root: where to look; need not exist.
        skip: folders directly below `root` whose names begin so are left out.
        depth: how many levels of folders.
    """
    found: list[str] = []
    seen: set[tuple[int, int]] = set()
    waiting: list[tuple[str, int]] = [("", 0)]
    entries_left = _MAX_ENTRIES
    while waiting and len(seen) < _MAX_FOLDERS and len(found) < _MAX_FILES and entries_left > 0:
        inside, level = waiting.pop()
        try:
            about = (root / inside).stat()
            key = (about.st_dev, about.st_ino)
            if key in seen and about.st_ino:
                continue
            seen.add(key if about.st_ino else (-1, len(seen)))
            with os.scandir(root / inside) as listing:
                entries = [e for e, _ in zip(listing, range(entries_left), strict=False)]
        except (OSError, ValueError):
            continue
        entries_left -= len(entries)
        names = {e.name for e in entries}
        for entry in entries:
            kind = _kind(entry)
            name = f"{inside}/{entry.name}" if inside else entry.name
            if kind == "folder" and level < depth and not (level == 0 and skip and entry.name.startswith(skip)):
                waiting.append((name, level + 1))
            elif kind == "model" and f"{entry.name}{_UNFINISHED_BESIDE}" not in names:
                found.append(name)
    return tuple(sorted(found))


def folders_in(root: Path, prefix: str = "") -> tuple[Path, ...]:
    """The folders in a folder whose names begin so, sorted by name; () where it is not there or cannot be read."""
    try:
        with os.scandir(root) as listing:
            entries = [e for e, _ in zip(listing, range(_MAX_ENTRIES), strict=False)]
    except (OSError, ValueError):
        return ()
    return tuple(
        root / e.name for e in sorted(entries, key=lambda e: e.name) if e.name.startswith(prefix) and _is_folder(e)
    )


def _kind(entry: os.DirEntry[str]) -> str:
    """What to do with an entry: "folder" is gone into, "model" is a finished file, "" is neither."""
    if _is_folder(entry):
        return "" if entry.name.startswith(".") else "folder"
    lower = entry.name.lower()
    if not lower.endswith(".gguf") or lower.startswith(_UNFINISHED_PREFIX):
        return ""
    try:
        return "model" if stat.S_ISREG(entry.stat().st_mode) else ""
    except OSError:
        return ""


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
