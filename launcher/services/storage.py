"""Where models are kept on this PC, for the Settings page. Without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from launcher.core.paths import hub_cache_dir
from launcher.downloads.disk import folders
from launcher.downloads.disk.space import free_bytes
from launcher.engine.kv_states import chat_states


@dataclass(frozen=True, slots=True)
class Storage:
    """The folders in force.

    Attributes:
        downloads: where new models go.
        is_cache: that is the Hugging Face cache itself.
        free_bytes: on its disk.
        others: further folders with models of ours.
        searched: folders that are only looked through.
        warnings: what is worth knowing of `downloads`, sentences.
        states_bytes: of the chats' saved states.
        states_count: how many chats have one.
    """

    downloads: str
    is_cache: bool
    free_bytes: int
    others: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    states_bytes: int = 0
    states_count: int = 0


def read_storage() -> Storage:
    """The folders in force; blocks for the disk."""
    chosen = folders.read()
    target = chosen.downloads or str(hub_cache_dir())
    states = chat_states()
    return Storage(
        downloads=target,
        is_cache=chosen.downloads is None,
        free_bytes=free_bytes(Path(target)),
        others=tuple(str(root) for root in folders.roots() if str(root) != target),
        searched=chosen.searched,
        warnings=_warnings(target) if Path(target).is_dir() else (),
        states_bytes=states.total_bytes(),
        states_count=states.count(),
    )


@lru_cache(maxsize=16)
def _warnings(folder: str) -> tuple[str, ...]:
    """Asked once for each folder: finding out tries a link there."""
    try:
        return folders.warnings(folder)
    except OSError:
        return ()  # a folder that cannot be written any more; the next download says so
