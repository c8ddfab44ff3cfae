"""The folders that models live in: where new ones go, where ours are, and which others are searched."""

from __future__ import annotations

import errno
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from launcher.core.errors import NextStep, UserError
from launcher.core.paths import hub_cache_dir
from launcher.core.units import gb
from launcher.core.words import say
from launcher.downloads.disk.json_file import SharedFile
from launcher.downloads.disk.space import largest_file_bytes


@dataclass(frozen=True, slots=True)
class ModelFolders:
    """The user's choices; everything is an absolute path.

    Attributes:
        downloads: where new models go, in the hub cache's layout; None is the hub cache itself.
        caches: further folders in that layout where models of ours are.
        searched: folders that the user added; any layout, never written to.
        files: model files that the user adopted where they lie.
    """

    downloads: str | None = None
    caches: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


_FILE = SharedFile("folders.json", ModelFolders())


def read() -> ModelFolders:
    """The choices in force. A damaged list is kept aside; no file is lost by it."""
    return _FILE.read()


def roots() -> tuple[Path, ...]:
    """Every folder in the hub cache's layout that may hold models of ours, the hub cache first."""
    chosen = read()
    others = (*((chosen.downloads,) if chosen.downloads else ()), *chosen.caches)
    return tuple(dict.fromkeys((hub_cache_dir(), *map(Path, others))))


def checked(folder: str) -> str:
    """See that models can go to a folder; it is made when it is not there.

    Returns:
        The folder as an absolute path.

    Raises:
        UserError: "folder_not_writable", "folder_in_cache", or "disk_error".
    """
    path = Path(folder).expanduser().absolute()
    if any(parent.name.startswith("models--") for parent in (path, *path.parents)):
        raise UserError(
            "folder_in_cache",
            "Models cannot go into the folder of a model.",
            say("{folder} belongs to one repository of the hub cache.", folder=path),
            (NextStep("Choose the folder above it"),),
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"launcher")
    except OSError as error:
        raise _unusable(path, error) from error
    return str(path)


def warnings(folder: str) -> tuple[str, ...]:
    """What is worth knowing before models go to a (checked) folder; sentences, () when there is nothing."""
    path = Path(folder)
    found: list[str] = []
    if not _can_link(path):
        found.append(
            say(
                "{folder} does not support links. Models work there; other tools may keep a second copy.", folder=folder
            )
        )
    largest = largest_file_bytes(path)
    if largest is not None:
        found.append(say("No file there can be larger than {size}; most models are.", size=gb(largest)))
    return tuple(found)


def set_downloads(folder: str | None) -> None:
    """Let new models go to another folder (None: the hub cache); models in the former one stay known.

    Raises:
        UserError: as `checked`.
    """
    if folder is not None:
        folder = checked(folder)
        folder = None if folder == str(hub_cache_dir()) else folder

    def change(before: ModelFolders) -> ModelFolders:
        kept = (*before.caches, before.downloads) if before.downloads else before.caches
        return replace(before, downloads=folder, caches=_without(kept, folder))

    _FILE.change(change)


def add_cache(folder: str) -> None:
    """Remember a folder that models of ours were put into."""
    if folder != str(hub_cache_dir()):
        _FILE.change(lambda f: f if folder == f.downloads else replace(f, caches=(*_without(f.caches, folder), folder)))


def add_searched(folder: str) -> None:
    """Look for models in a folder from now on."""
    _FILE.change(lambda f: replace(f, searched=(*_without(f.searched, folder), folder)))


def forget_searched(folder: str) -> None:
    """Look there no more; nothing in it is touched."""
    _FILE.change(lambda f: replace(f, searched=_without(f.searched, folder)))


def add_file(path: str) -> None:
    """List a model file where it lies."""
    _FILE.change(lambda f: replace(f, files=(*_without(f.files, path), path)))


def forget_file(path: str) -> None:
    """List it no more; the file stays."""
    _FILE.change(lambda f: replace(f, files=_without(f.files, path)))


def _unusable(path: Path, error: OSError) -> UserError:
    steps = (NextStep("Use another folder", "change_folder"),)
    detail = f"{type(error).__name__}: {error}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        why = say("{folder}: {text}.", folder=path, text=error.strerror)
        return UserError("folder_not_writable", "The folder cannot be written.", why, steps, detail)
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return UserError("folder_not_writable", "This is a file, not a folder.", f"{path}.", steps, detail)
    why = say("The system says: {text} ({folder}).", text=error.strerror or error, folder=path)
    return UserError("disk_error", "The folder cannot be used.", why, steps, detail)


def _can_link(path: Path) -> bool:
    with tempfile.TemporaryDirectory(dir=path, prefix=".launcher-") as made:
        try:
            Path(made, "link").symlink_to("file")
        except OSError:
            return False
    return True


def _without(folders: tuple[str, ...], gone: str | None) -> tuple[str, ...]:
    return tuple(f for f in folders if f != gone)
