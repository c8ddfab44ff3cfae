"""Settings: declared once with type, default and words; kept in settings.toml, readable and writable by hand."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from launcher.core.errors import NextStep, UserError
from launcher.core.words import say
from launcher.store.broken_file import set_aside

_log = logging.getLogger(__name__)
T = TypeVar("T", str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting: the settings page, the file and the documentation come from it.

    Attributes:
        key: "section.name" in the file.
        default: also sets the type.
        title: the words beside the control; "" for what is remembered, not set.
        help: one sentence.
        choices: allowed values; () for any.
        low: smallest allowed number.
        high: largest allowed number.
    """

    key: str
    default: T
    title: str = ""
    help: str = ""
    choices: tuple[T, ...] = ()
    low: float = field(default=float("-inf"))
    high: float = field(default=float("inf"))

    def accepts(self, value: object) -> bool:
        """Whether a value has the right type and range."""
        kind = type(self.default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not kind or (self.choices and value not in self.choices):
            return False
        return not isinstance(value, (int, float)) or self.low <= value <= self.high


THEME = Setting(
    "appearance.theme", "system", "Theme", "Follow the system, or stay light or dark.", ("system", "light", "dark")
)
VRAM_RESERVE_GIB = Setting(
    "engine.vram_reserve_gib",
    0.5,
    "Video memory kept free",
    "For the desktop and other programs, on every card, in GiB.",
    low=0,
    high=64,
)
UNLOAD_MINUTES = Setting(
    "engine.unload_minutes",
    0,
    "Unload when idle",
    "Minutes without a question until the model leaves the memory; 0 keeps it.",
    low=0,
    high=1440,
)
KV_STATE_CAP_GB = Setting(
    "chat.state_cap_gb",
    4,
    "Saved states of chats",
    "Long chats continue without being read again; at most so many GB, 0 saves none.",
    low=0,
    high=1000,
)
ENGINE_PACK = Setting(
    "engine.pack",
    "auto",
    "Engine",
    "auto takes the best engine that works here; else the name of one that launcher doctor lists.",
)
HUB_ENDPOINT = Setting(
    "hub.endpoint",
    "",
    "Download server",
    "Address of a Hugging Face mirror; empty takes HF_ENDPOINT or huggingface.co.",
)
PROXY = Setting(
    "network.proxy",
    "",
    "Proxy",
    "Empty follows the system, direct uses none; else http://host:port or socks5://host:port. A password is kept apart.",
)
CA_FILE = Setting(
    "network.ca_file",
    "",
    "Extra certificates",
    "A PEM file beside the system's own certificates, for networks that inspect traffic.",
)
OFFLINE = Setting("network.offline", False, "Offline mode", "Nothing goes to the network until this is switched off.")
DOWNLOADS_AT_ONCE = Setting(
    "downloads.at_once", 2, "Downloads at a time", "Further ones wait for their turn.", low=1, high=8
)
CONNECTIONS = Setting(
    "downloads.connections", 4, "Connections per file", "Several are faster on far or busy servers.", low=1, high=16
)
SPEED_LIMIT_KB_S = Setting(
    "downloads.speed_limit_kb_s", 0, "Speed limit", "All downloads together, in kB/s; 0 is none.", low=0, high=10**8
)
RESUME_ON_START = Setting(
    "downloads.resume_on_start", True, "Continue at startup", "Unfinished downloads continue when the app opens."
)
NOTIFY = Setting(
    "downloads.notify", True, "Notify at the end", "A desktop notification when a download is finished or needs you."
)
SYSTEM_PROMPT = Setting("chat.system_prompt", "", "System prompt", "Goes before every new chat; empty for none.")
CONTEXT_POLICY = Setting(
    "chat.context_policy",
    "trim",
    "When the context is full",
    "trim leaves out the oldest messages, summarise has the model write down what was in them, stop sends nothing.",
    ("trim", "summarise", "stop"),
)
RELEASE_FEED = Setting(
    "updates.feed",
    "",
    "Release feed",
    "Address of the list of releases that Check for updates asks; empty takes the one this build was made with.",
)
WINDOW_GEOMETRY = Setting("window.geometry", "")
METERS_SHOWN = Setting("window.meters_shown", True)
LAST_MODEL = Setting("chat.last_model", "")
CHAT_DEFAULTS = Setting("chat.defaults", "")
CHAT_SETTINGS_SHOWN = Setting("window.chat_settings_shown", False)

REGISTRY: tuple[Setting[Any], ...] = (
    THEME, VRAM_RESERVE_GIB, UNLOAD_MINUTES, ENGINE_PACK, HUB_ENDPOINT, PROXY, CA_FILE, OFFLINE,
    DOWNLOADS_AT_ONCE, CONNECTIONS, SPEED_LIMIT_KB_S, RESUME_ON_START, NOTIFY,
    SYSTEM_PROMPT, CONTEXT_POLICY, KV_STATE_CAP_GB, RELEASE_FEED, WINDOW_GEOMETRY, METERS_SHOWN, LAST_MODEL,
    CHAT_DEFAULTS, CHAT_SETTINGS_SHOWN,
)  # fmt: skip


class Settings:
    """The values in force. Small and in memory; `set` writes the file.

    Attributes:
        notice: what was wrong with the file, for the user to read once; None normally.
    """

    def __init__(self, path: Path) -> None:
        """Read the file; a missing one means defaults, one that is no TOML is kept aside, a wrong value falls back alone."""
        self.notice: UserError | None = None
        self._path = path
        self._values: dict[str, object] = {}
        self._lock = threading.Lock()
        if path.exists():
            self._read(self._loaded())

    def get(self, setting: Setting[T]) -> T:
        """The value in force."""
        return cast("T", self._values.get(setting.key, setting.default))

    def set(self, setting: Setting[T], value: T) -> None:
        """Change a value and write the file; comments and unknown keys in it stay.

        Raises:
            ValueError: wrong type or out of range.
            UserError: ("settings_not_written") the file cannot be written; the value is in force until the end.
        """
        if not setting.accepts(value):
            raise ValueError(f"{setting.key}: {value!r} is not allowed")
        with self._lock:  # several threads set: each rewrites the whole file
            if setting.key in self._values and self._values[setting.key] == value:
                return
            self._values[setting.key] = value
            self._write(setting.key, value)

    def _loaded(self) -> dict[str, Any]:
        try:
            text = self._path.read_text("utf-8")
            import tomllib  # a first start, which has no file, is 10 ms shorter without

            return tomllib.loads(text)
        except FileNotFoundError:
            return {}
        except ValueError as error:  # no TOML, or no text
            self._set_aside(error)
            return {}

    def _read(self, data: dict[str, Any]) -> None:
        wrong: list[str] = []
        for setting in REGISTRY:
            section, _, name = setting.key.partition(".")
            table: Any = data.get(section)
            if not isinstance(table, dict) or name not in table:
                continue
            value = cast("dict[str, object]", table)[name]
            if setting.accepts(value):
                self._values[setting.key] = float(cast("float", value)) if isinstance(setting.default, float) else value
            else:
                wrong.append(f"{setting.key} = {value!r}")
        if wrong and self.notice is None:
            self.notice = UserError(
                "settings_value",
                "A setting has a value that is not allowed; its default is used.",
                say("{values} in {path}.", values="; ".join(wrong), path=self._path),
                (NextStep("Show the file", "open_folder", str(self._path.parent)),),
            )

    def _set_aside(self, error: Exception) -> None:
        kept = set_aside(self._path)
        _log.warning("%s is no TOML (%s); kept as %s", self._path, error, kept)
        self.notice = UserError(
            "settings_broken",
            "The settings file could not be read; the defaults are used.",
            say("{error}. The file is kept as {kept}.", error=error, kept=kept.name),
            (NextStep("Show the file", "open_folder", str(kept.parent)),),
        )

    def _write(self, key: str, value: object) -> None:
        try:
            document = self._document()
            section, _, name = key.partition(".")
            if not isinstance(document.get(section), dict):
                document[section] = {}
            document[section][name] = value
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial = self._path.with_name(self._path.name + ".new")
            partial.write_text(document.as_string(), "utf-8")
            os.replace(partial, self._path)
        except OSError as error:
            raise UserError(
                "settings_not_written",
                "The setting could not be saved; it holds until the program ends.",
                f"{self._path}: {error.strerror}.",
                detail=repr(error),
            ) from error

    def _document(self) -> Any:
        """The file as it is now, with its comments."""
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        try:
            return tomlkit.parse(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return tomlkit.document()
        except (TOMLKitError, UnicodeDecodeError) as error:  # edited by hand while the program runs
            self._set_aside(error)
            return tomlkit.document()
