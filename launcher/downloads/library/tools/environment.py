"""Where this person's programs keep their things. A value, so that every look-up can be tried with another home."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SEARCH_VARIABLE = "LAUNCHER_SEARCH_TOOLS"


@dataclass(frozen=True, slots=True)
class Environment:
    """Home, environment variables and operating system.

    Attributes:
        platform: as `sys.platform` ("linux", "win32", "darwin").
        root: what absolute system folders ("/usr/share/ollama") are below; for tests.
    """

    home: Path
    variables: Mapping[str, str]
    platform: str = sys.platform
    root: Path = Path("/")

    @property
    def searches_tools(self) -> bool:
        """Whether other programs' folders are looked at.

        With `LAUNCHER_HOME` set (a portable copy, a test) only our own folders and what the user added are, unless
        `LAUNCHER_SEARCH_TOOLS=1` asks for the rest.
        """
        return not self.variables.get("LAUNCHER_HOME") or self.variables.get(SEARCH_VARIABLE) == "1"

    def folder(self, variable: str) -> Path | None:
        """An environment variable that names a folder; None where it is unset, empty or not absolute."""
        return self.absolute(self.variables.get(variable))

    def absolute(self, text: object) -> Path | None:
        """A path that a variable or another program's settings name; None unless it is a text and absolute. "~" is our home."""
        if not isinstance(text, str) or "\0" in text:
            return None
        clean = text.strip().strip("\"'")
        if clean.startswith(("~/", "~\\")):
            return self.home / clean[2:]
        path = Path(clean)
        return path if clean and path.is_absolute() else None

    @property
    def data_home(self) -> Path:
        """Roaming application data: %APPDATA%, ~/Library/Application Support, $XDG_DATA_HOME or ~/.local/share."""
        return self._place("APPDATA", "AppData/Roaming", "Library/Application Support", "XDG_DATA_HOME", ".local/share")

    @property
    def local_data_home(self) -> Path:
        """Application data of this machine: %LOCALAPPDATA%; elsewhere as `data_home`."""
        return self._place(
            "LOCALAPPDATA", "AppData/Local", "Library/Application Support", "XDG_DATA_HOME", ".local/share"
        )

    @property
    def config_home(self) -> Path:
        """Settings: %APPDATA%, ~/Library/Application Support, $XDG_CONFIG_HOME or ~/.config."""
        return self._place("APPDATA", "AppData/Roaming", "Library/Application Support", "XDG_CONFIG_HOME", ".config")

    @property
    def cache_home(self) -> Path:
        """Caches: %LOCALAPPDATA%, ~/Library/Caches, $XDG_CACHE_HOME or ~/.cache."""
        return self._place("LOCALAPPDATA", "AppData/Local", "Library/Caches", "XDG_CACHE_HOME", ".cache")

    def _place(self, windows: str, windows_default: str, mac: str, xdg: str, xdg_default: str) -> Path:
        if self.platform == "win32":
            return self.folder(windows) or self.home / windows_default
        if self.platform == "darwin":
            return self.home / mac
        return self.folder(xdg) or self.home / xdg_default


def here() -> Environment:
    """This person's."""
    return Environment(Path.home(), os.environ)
