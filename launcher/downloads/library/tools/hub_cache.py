"""The Hugging Face cache, also where other folders are laid out like it.

    models--owner--name/snapshots/<commit>/<path>   links into blobs/ (the bytes themselves where links are not possible)
    models--owner--name/refs/main                   the commit that "main" was

Variables: HF_HUB_CACHE, its former name HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME (huggingface_hub/constants.py 2.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from launcher.core.downloads import Origin
from launcher.downloads.library.tools.candidate import Candidate, folders_in, gguf_below, sets_of
from launcher.downloads.library.tools.environment import Environment
from launcher.downloads.library.tools.small_file import read_text

_PREFIX = "models--"


def folders(environment: Environment) -> tuple[Path, ...]:
    """Every place where the hub's own tools may have put models, the one in force first."""
    home = environment.folder("HF_HOME")
    xdg = environment.folder("XDG_CACHE_HOME")
    places = (
        environment.folder("HF_HUB_CACHE"),
        environment.folder("HUGGINGFACE_HUB_CACHE"),
        home / "hub" if home else None,
        xdg / "huggingface" / "hub" if xdg else None,
        environment.home / ".cache" / "huggingface" / "hub",
    )
    return tuple(dict.fromkeys(p for p in places if p))


def find(environment: Environment) -> Iterator[Candidate]:
    """Models in the hub's caches."""
    for folder in folders(environment):
        yield from models_in(folder, Origin.HF_CACHE)


def models_in(root: Path, origin: Origin) -> Iterator[Candidate]:
    """Models in one folder of that layout; of each repository the snapshot that "main" is comes first."""
    for repository in folders_in(root, _PREFIX):
        repo = repository.name.removeprefix(_PREFIX).replace("--", "/")
        main = (read_text(repository / "refs" / "main") or "").strip()
        snapshots = folders_in(repository / "snapshots")
        for snapshot in sorted(snapshots, key=lambda s: s.name != main):
            yield from sets_of(snapshot, gguf_below(snapshot), origin, repo, snapshot.name)
