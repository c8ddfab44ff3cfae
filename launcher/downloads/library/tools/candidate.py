"""What a program keeps as one model: named by its files, not yet looked into."""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from launcher.catalog import hub_files
from launcher.catalog.gguf import shard_names
from launcher.core.downloads import Origin
from launcher.core.errors import UserError
from launcher.core.models import ModelFile

# Beside a file, or before its name: it is still being fetched (aria2; GPT4All's modellist.cpp, incompleteDownloadPath).
_UNFINISHED_BESIDE = ".aria2"
_UNFINISHED_PREFIX = "incomplete"
_PARTS = re.compile(r"-\d{5}-of-(\d{5})\.gguf$", re.IGNORECASE)
_MAX_PARTS = 1024
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
    for group in hub_files.group(ModelFile(name) for name in names if not _is_implausible(name)):
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


def _is_implausible(name: str) -> bool:
    """Whether a name claims to be one of more parts than any model has; counting those that are missing would take long."""
    found = _PARTS.search(name)
    return found is not None and int(found[1]) > _MAX_PARTS


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
    waiting: deque[tuple[str, int]] = deque([("", 0)])
    n_entries = 0
    while waiting and len(seen) < _MAX_FOLDERS and len(found) < _MAX_FILES and n_entries < _MAX_ENTRIES:
        inside, level = waiting.popleft()
        entries = _entries(root / inside) if _is_new(root / inside, seen) else []
        n_entries += len(entries)
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
    return tuple(root / e.name for e in _entries(root) if e.name.startswith(prefix) and _is_folder(e))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, sorted by name; nothing where it is not there or cannot be read."""
    try:
        with os.scandir(folder) as listing:
            return sorted(islice(listing, _MAX_ENTRIES), key=lambda e: e.name)
    except (OSError, ValueError):
        return []


def _is_new(folder: Path, seen: set[tuple[int, int]]) -> bool:
    """Whether a folder is reached for the first time. A file system without inodes has no links that could make a loop."""
    try:
        about = folder.stat()
    except (OSError, ValueError):
        return False
    key = (about.st_dev, about.st_ino) if about.st_ino else (-1, len(seen))
    is_new = key not in seen
    seen.add(key)
    return is_new


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
