"""llama.cpp's own cache.

Until early 2026 a flat folder: LLAMA_CACHE, else `llama.cpp` in $XDG_CACHE_HOME or ~/.cache, ~/Library/Caches, %LOCALAPPDATA%
(common/common.cpp, fs_get_cache_directory). Files are `owner_name_file.gguf` (common/arg.cpp joins repository and file with
"_"), beside each `.json` ({"url", "etag"}, older builds) or `.etag`; unfinished ones end in `.downloadInProgress`
(common/download.cpp). Since then the Hugging Face cache's layout, in LLAMA_CACHE where that is set (common/hf-cache.cpp).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from launcher.core.downloads import Origin
from launcher.downloads.library.tools.candidate import Candidate, gguf_below, sets_of
from launcher.downloads.library.tools.environment import Environment
from launcher.downloads.library.tools.hub_cache import models_in
from launcher.downloads.library.tools.small_file import read_object

_IN_ADDRESS = re.compile(r"^https?://[^/]+/([\w.-]+/[\w.-]+)/resolve/")


def find(environment: Environment) -> Iterator[Candidate]:
    """Models that llama.cpp fetched."""
    chosen = environment.folder("LLAMA_CACHE")
    for folder in dict.fromkeys((*((chosen,) if chosen else ()), environment.cache_home / "llama.cpp")):
        for model in sets_of(folder, gguf_below(folder, depth=0), Origin.LLAMA_CPP):
            yield replace(model, repo=_repo(model.files[0]))
        yield from models_in(folder, Origin.LLAMA_CPP)


def _repo(path: Path) -> str | None:
    """The repository, from the address in the side file of older builds; file names do not tell owner and name apart."""
    address = read_object(path.with_name(f"{path.name}.json")).get("url")
    found = _IN_ADDRESS.match(address) if isinstance(address, str) else None
    return found[1] if found else None
