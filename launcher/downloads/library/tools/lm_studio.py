"""LM Studio: `<models folder>/publisher/repository/file.gguf`, as on the hub (lmstudio.ai/docs, "Import models").

Its home is what ~/.lmstudio-home-pointer says, else ~/.cache/lm-studio where that exists, else ~/.lmstudio (lmstudio.js,
packages/lms-common-server/src/findLMStudioHome.ts). The models folder is `downloadsFolder` in the home's settings.json, else
`models` in the home (lms, src/modelsFolder.ts). Older versions keep settings.json in the app's data folder "LM Studio"
(Electron's userData).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from launcher.core.downloads import Origin
from launcher.downloads.library.tools.candidate import Candidate, gguf_below, sets_of
from launcher.downloads.library.tools.environment import Environment
from launcher.downloads.library.tools.small_file import read_object, read_text


def folders(environment: Environment) -> tuple[Path, ...]:
    """Every models folder that it may use or have used."""
    pointed = environment.absolute((read_text(environment.home / ".lmstudio-home-pointer") or "").strip())
    homes = (pointed, environment.home / ".lmstudio", environment.home / ".cache" / "lm-studio")
    found: dict[Path, None] = {}
    for settings in (*(h for h in homes if h), environment.config_home / "LM Studio"):
        chosen = environment.absolute(read_object(settings / "settings.json").get("downloadsFolder"))
        if chosen:
            found[chosen] = None
    return tuple(dict.fromkeys((*found, *(h / "models" for h in homes if h))))


def find(environment: Environment) -> Iterator[Candidate]:
    """Models in LM Studio's folders."""
    for folder in folders(environment):
        by_repo: dict[str | None, list[str]] = {}
        for name in gguf_below(folder):
            parts = name.split("/")
            by_repo.setdefault("/".join(parts[:2]) if len(parts) > 2 else None, []).append(name)
        for repo, names in by_repo.items():
            yield from sets_of(folder, names, Origin.LM_STUDIO, repo)
