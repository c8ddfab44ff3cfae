"""A folder that the user added, whatever its layout, and single files that the user adopted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from launcher.core.downloads import Origin
from launcher.downloads.library.tools import hub_cache, ollama
from launcher.downloads.library.tools.candidate import Candidate, gguf_below, set_with, sets_of


def models_in(folder: Path) -> Iterator[Candidate]:
    """Models in a folder: as a Hugging Face cache, as an Ollama store, and every other .gguf file some levels deep."""
    yield from hub_cache.models_in(folder, Origin.FOLDER)
    yield from ollama.models_in(folder)
    yield from sets_of(folder, gguf_below(folder, skip="models--"), Origin.FOLDER)


def adopted(path: Path) -> Iterator[Candidate]:
    """The model that one file is, or is a part of."""
    model = set_with(path, Origin.FILE)
    if model:
        yield model
