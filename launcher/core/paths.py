"""Where files live. `LAUNCHER_HOME` moves everything of ours (tests, portable use); weights stay in the hub's cache."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

APP_ID = "launcher-for-deepseek"
"""Folders, the desktop entry, the icon's name and the packages are called so."""


def _base(kind: str) -> Path:
    home = os.environ.get("LAUNCHER_HOME")
    if home:
        return Path(home).expanduser().absolute() / kind
    system = {
        "data": platformdirs.user_data_path,
        "config": platformdirs.user_config_path,
        "cache": platformdirs.user_cache_path,
        "logs": platformdirs.user_log_path,
    }[kind]
    return system(APP_ID, appauthor=False)


def data_dir() -> Path:
    """Chats, download journals, calibration. Created on use."""
    return _made(_base("data"))


def config_dir() -> Path:
    """settings.toml. Created on use."""
    return _made(_base("config"))


def cache_dir() -> Path:
    """What can be fetched or computed again. Created on use."""
    return _made(_base("cache"))


def log_dir() -> Path:
    """Rotating logs and crash reports. Created on use."""
    return _made(_base("logs"))


def hub_cache_dir() -> Path:
    """The Hugging Face hub cache, shared with other tools: HF_HUB_CACHE, else HF_HOME/hub, else the default.

    With `LAUNCHER_HOME` set and neither variable given it is `LAUNCHER_HOME/huggingface/hub`, so that a portable
    copy or a test never touches the user's own cache. Source: huggingface_hub.constants.
    """
    explicit = os.environ.get("HF_HUB_CACHE")
    if explicit:
        return Path(explicit).expanduser().absolute()
    hf_home = os.environ.get("HF_HOME")
    if hf_home:
        return Path(hf_home).expanduser().absolute() / "hub"
    home = os.environ.get("LAUNCHER_HOME")
    if home:
        return Path(home).expanduser().absolute() / "huggingface" / "hub"
    xdg = os.environ.get("XDG_CACHE_HOME")
    cache = Path(xdg).expanduser() if xdg else Path.home() / ".cache"
    return cache / "huggingface" / "hub"


def resource(*parts: str) -> Path:
    """A file shipped under resources/, from the source tree or from a frozen program."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) if frozen else Path(__file__).resolve().parents[2]
    return root.joinpath("resources", *parts)


def _made(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
