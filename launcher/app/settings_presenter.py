"""Settings: shows the values in force and applies changes at once."""

from __future__ import annotations

import os
from typing import Any, cast

from PySide6.QtCore import QObject, Slot

from launcher import __version__
from launcher.app.steps import open_folder
from launcher.catalog import hub
from launcher.core.paths import hub_cache_dir
from launcher.core.units import GIB
from launcher.services.chat_service import ChatService
from launcher.services.engine_service import EngineService
from launcher.services.plan_service import PlanService
from launcher.store.settings import (
    HUB_ENDPOINT,
    REGISTRY,
    SYSTEM_PROMPT,
    THEME,
    UNLOAD_MINUTES,
    VRAM_RESERVE_GIB,
    Setting,
    Settings,
)
from launcher.ui.settings import SettingsPage
from launcher.ui.theme import ThemeManager, ThemeMode

_SHOWN: tuple[Setting[Any], ...] = (THEME, VRAM_RESERVE_GIB, UNLOAD_MINUTES, HUB_ENDPOINT, SYSTEM_PROMPT)


class SettingsPresenter(QObject):
    """Connects the Settings page. The environment's HF_ENDPOINT is what an empty field means."""

    def __init__(
        self,
        page: SettingsPage,
        settings: Settings,
        store: ChatService,
        plans: PlanService,
        theme: ThemeManager,
        engine: EngineService,
        environment_endpoint: str | None,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._settings = settings
        self._store = store
        self._plans = plans
        self._theme = theme
        self._engine = engine
        self._environment_endpoint = environment_endpoint
        page.set_models_folder(str(hub_cache_dir()))
        page.set_default_endpoint(
            environment_endpoint or hub.DEFAULT_ENDPOINT, from_environment=environment_endpoint is not None
        )
        page.set_about(__version__, self.tr("llama.cpp through llama-cpp-python"), LICENCES)
        page.setting_changed.connect(self._on_setting_changed)
        page.restore_defaults_requested.connect(self._on_restore_defaults_requested)
        page.open_folder_requested.connect(self._on_open_folder_requested)
        self._show({s.key: settings.get(s) for s in _SHOWN})
        for setting in _SHOWN:
            self._apply(setting, settings.get(setting))

    def _show(self, values: dict[str, object]) -> None:
        self._page.set_values(values)

    @Slot(str, object)
    def _on_setting_changed(self, key: str, value: object) -> None:
        setting = next(s for s in REGISTRY if s.key == key)
        self._change(setting, value)

    @Slot()
    def _on_restore_defaults_requested(self) -> None:
        for setting in _SHOWN:
            self._change(setting, setting.default)
        self._show({s.key: s.default for s in _SHOWN})

    @Slot()
    def _on_open_folder_requested(self) -> None:
        open_folder(str(hub_cache_dir()))

    def _change(self, setting: Setting[Any], value: Any) -> None:
        self._store.run(lambda: self._settings.set(setting, value))
        self._apply(setting, value)

    def _apply(self, setting: Setting[Any], value: object) -> None:
        if setting is THEME:
            self._theme.set_mode(ThemeMode(cast("str", value)))
        elif setting is VRAM_RESERVE_GIB:
            self._plans.set_vram_reserve(int(cast("float", value) * GIB))
        elif setting is UNLOAD_MINUTES:
            self._engine.set_idle_minutes(cast("int", value))
        elif setting is HUB_ENDPOINT:
            endpoint = cast("str", value) or self._environment_endpoint
            if endpoint:
                os.environ["HF_ENDPOINT"] = endpoint
            else:
                os.environ.pop("HF_ENDPOINT", None)


# What is shipped or imported, with its licence, for About.
LICENCES: tuple[tuple[str, str], ...] = (
    ("Qt and PySide6", "LGPL-3.0"),
    ("llama.cpp, llama-cpp-python", "MIT"),
    ("huggingface_hub", "Apache-2.0"),
    ("psutil, nvidia-ml-py", "BSD-3-Clause"),
    ("markdown-it-py, mdit-py-plugins, platformdirs, tomlkit, ziamath", "MIT"),
    ("Pygments", "BSD-2-Clause"),
    ("Lucide icons", "ISC"),
)
