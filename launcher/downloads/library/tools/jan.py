"""Jan: `<data folder>/llamacpp/models/<id>/model.yml` names the model's file.

The data folder is JAN_DATA_FOLDER, else `data_folder` in settings.json of %APPDATA%/Jan, ~/Library/Application Support/Jan or
$XDG_DATA_HOME/Jan (formerly `jan.ai.app` there, and ~/.config/Jan on Linux), else `data` beside those settings
(jan, src-tauri/src/core/app/commands.rs). An id may have several parts ("janhq/Jan-v3-4B"); a folder with a model.yml
is one model (extensions/llamacpp-extension/src/preset.ts). `model_path` is relative to the data folder, or the absolute path
of a file that was imported where it lies (src/index.ts there, import and load).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from launcher.core.downloads import Origin
from launcher.downloads.library.tools.candidate import Candidate, folders_in, set_with
from launcher.downloads.library.tools.environment import Environment
from launcher.downloads.library.tools.small_file import read_object, read_text

_MODEL_PATH = re.compile(r"^model_path:[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_MAX_ID_PARTS = 6
_MAX_MODELS = 5000


def folders(environment: Environment) -> tuple[Path, ...]:
    """Every data folder that it may use."""
    explicit = environment.folder("JAN_DATA_FOLDER")
    base = environment.folder("JAN_DATA_ROOT") or environment.data_home
    found: list[Path] = [explicit] if explicit else []
    for settings in (base / "Jan", base / "jan.ai.app", environment.config_home / "Jan"):
        moved = environment.absolute(read_object(settings / "settings.json").get("data_folder"))
        found += [moved] if moved else []
    return tuple(dict.fromkeys((*found, base / "Jan" / "data")))


def find(environment: Environment) -> Iterator[Candidate]:
    """Models that Jan has."""
    for data in folders(environment):
        models = data / "llamacpp" / "models"
        for folder in _model_folders(models):
            path = _model_path(data, read_text(folder / "model.yml") or "")
            model = set_with(path, Origin.JAN, folder.relative_to(models).as_posix()) if path else None
            if model:
                yield model


def _model_folders(models: Path) -> Iterator[Path]:
    waiting = [(folder, 1) for folder in reversed(folders_in(models))]
    left = _MAX_MODELS
    while waiting and left:
        folder, parts = waiting.pop()
        left -= 1
        if (folder / "model.yml").exists():
            yield folder
        elif parts < _MAX_ID_PARTS:
            waiting += [(inner, parts + 1) for inner in reversed(folders_in(folder))]


def _model_path(data: Path, document: str) -> Path | None:
    """Where the file is; None unless the document says it once, plainly, and a relative path stays in the data folder."""
    values = _MODEL_PATH.findall(document)
    text = _scalar(values[0]) if len(values) == 1 else None
    if not text or not text.lower().endswith(".gguf") or "\0" in text:
        return None
    if os.path.isabs(text):
        return Path(text)
    parts = PurePosixPath(text.replace("\\", "/")).parts
    return data.joinpath(*parts) if ".." not in parts and not any(":" in p for p in parts[:1]) else None


def _scalar(value: str) -> str | None:
    """A YAML text on one line: plain, 'single' or "double" quoted; None for anything richer."""
    if value.startswith('"'):
        try:
            text = json.loads(value)
        except ValueError:
            return None
        return text if isinstance(text, str) else None
    if value.startswith("'"):
        inner = value[1:-1]
        return inner.replace("''", "'") if len(value) > 1 and value.endswith("'") else None
    return None if value[0] in "|>&*!{[%@`#?-" else re.split(r"\s#", value)[0].strip()
