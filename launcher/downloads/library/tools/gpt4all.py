"""GPT4All: every .gguf file in or below its models folder that is not named "incomplete…" (modellist.cpp, processModelDirectory).

The folder is `modelPath` (before 2.4.12 `modelPaths`) in its settings, else its own data folder: nomic.ai/GPT4All in
$XDG_DATA_HOME or ~/.local/share, ~/Library/Application Support, %LOCALAPPDATA% (mysettings.cpp, QStandardPaths). Settings
are an INI file of QSettings: nomic.ai/GPT4All.ini in $XDG_CONFIG_HOME or ~/.config, %APPDATA%; on macOS
~/.config/gpt4all.io/GPT4All.ini, because QSettings takes the domain there (main.cpp). Its Python package uses
~/.cache/gpt4all (gpt4all.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from launcher.core.downloads import Origin
from launcher.downloads.library.tools.candidate import Candidate, gguf_below, sets_of
from launcher.downloads.library.tools.environment import Environment
from launcher.downloads.library.tools.small_file import read_text

_SECTION = re.compile(r"^\[(.+)\]\s*$")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,6})|(.))")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


def folders(environment: Environment) -> tuple[Path, ...]:
    """Every models folder that it may use."""
    if environment.platform == "darwin":
        config = environment.home / ".config"
        settings = (config / "gpt4all.io", config / "nomic.ai")
    else:
        settings = (environment.config_home / "nomic.ai",)
    chosen = (environment.absolute(_model_path(read_text(s / "GPT4All.ini") or "")) for s in settings)
    defaults = (environment.local_data_home / "nomic.ai" / "GPT4All", environment.home / ".cache" / "gpt4all")
    return tuple(dict.fromkeys((*(c for c in chosen if c), *defaults)))


def find(environment: Environment) -> Iterator[Candidate]:
    """Models in GPT4All's folders."""
    for folder in folders(environment):
        yield from sets_of(folder, gguf_below(folder), Origin.GPT4ALL)


def _model_path(ini: str) -> str | None:
    """The `modelPath` of the section "General"."""
    section = "General"
    found: dict[str, str] = {}
    for line in ini.splitlines():
        title = _SECTION.match(line)
        if title:
            section = title[1]
            continue
        key, equals, value = line.partition("=")
        if equals and section == "General":
            found[key.strip()] = value.strip()
    value = found.get("modelPath") or found.get("modelPaths")
    return _ESCAPE.sub(_unescaped, value.strip('"')) if value else None


def _unescaped(match: re.Match[str]) -> str:
    """One of QSettings' escapes (qsettings.cpp, iniUnescapedStringList): a code in hex, a letter, or the character itself."""
    if match[1] is None:
        return _LETTERS.get(match[2], match[2])
    code = int(match[1], 16)
    return chr(code) if code < 0x11_0000 and not 0xD800 <= code < 0xE000 else "\ufffd"
