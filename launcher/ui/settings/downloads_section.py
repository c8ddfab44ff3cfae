"""Settings of downloads: how many, how fast, when they go on, and whether they tell of their end."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from launcher.store.settings import (
    CONNECTIONS,
    DOWNLOADS_AT_ONCE,
    NOTIFY,
    RESUME_ON_START,
    SPEED_LIMIT_KB_S,
    Setting,
)
from launcher.ui.components import ToggleSwitch, show_checked
from launcher.ui.settings.controls import NumberField, with_unit
from launcher.ui.settings.rows import SectionCard, SettingRow

_KB_PER_MB = 1000


class DownloadsSection(SectionCard):
    """Numbers and switches.

    Signals:
        setting_changed(str, object): key and value.
    """

    setting_changed = Signal(str, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("Downloads"))
        self._at_once = self._number(
            DOWNLOADS_AT_ONCE, self.tr("At a time"), self.tr("Further ones wait for their turn."), self.tr("files")
        )
        self._at_once.changed.connect(self._on_at_once_changed)
        self._connections = self._number(
            CONNECTIONS,
            self.tr("Connections per file"),
            self.tr("Several are faster on far or busy servers."),
            self.tr("connections"),
        )
        self._connections.changed.connect(self._on_connections_changed)
        name = self.tr("Speed limit")
        self._limit = NumberField(name, 0, SPEED_LIMIT_KB_S.high / _KB_PER_MB, digits=1, step=1, parent=self)
        self._limit.changed.connect(self._on_limit_changed)
        self.add(
            SettingRow(
                name,
                self.tr("All downloads together; 0 is none. A single one can have a limit of its own."),
                with_unit(self._limit, self.tr("MB/s"), self),
            ),
            SPEED_LIMIT_KB_S.key,
        )
        self._resume = self._switch(
            RESUME_ON_START,
            self.tr("Continue at startup"),
            self.tr("Unfinished downloads continue when the app opens."),
        )
        self._resume.toggled.connect(self._on_resume_toggled)
        self._notify = self._switch(
            NOTIFY,
            self.tr("Notify at the end"),
            self.tr(
                "A desktop notification when a download is finished or needs you, while this window is not in front."
            ),
        )
        self._notify.toggled.connect(self._on_notify_toggled)

    def set_values(self, values: dict[str, object]) -> None:
        """Show values by key."""
        for field, setting in ((self._at_once, DOWNLOADS_AT_ONCE), (self._connections, CONNECTIONS)):
            value = values.get(setting.key)
            if isinstance(value, int):
                field.set_value(value)
        limit = values.get(SPEED_LIMIT_KB_S.key)
        if isinstance(limit, int):
            self._limit.set_value(limit / _KB_PER_MB)
        for switch, setting in ((self._resume, RESUME_ON_START), (self._notify, NOTIFY)):
            show_checked(switch, bool(values.get(setting.key, setting.default)))

    def _number(self, setting: Setting[int], name: str, help_text: str, unit: str) -> NumberField:
        field = NumberField(name, setting.low, setting.high, digits=0, step=1, parent=self)
        self.add(SettingRow(name, help_text, with_unit(field, unit, self)), setting.key)
        return field

    def _switch(self, setting: Setting[bool], name: str, help_text: str) -> ToggleSwitch:
        switch = ToggleSwitch(name, self)
        self.add(SettingRow(name, help_text, switch), setting.key)
        return switch

    def _on_at_once_changed(self, value: float) -> None:
        self.setting_changed.emit(DOWNLOADS_AT_ONCE.key, round(value))

    def _on_connections_changed(self, value: float) -> None:
        self.setting_changed.emit(CONNECTIONS.key, round(value))

    def _on_limit_changed(self, value: float) -> None:
        self.setting_changed.emit(SPEED_LIMIT_KB_S.key, round(value * _KB_PER_MB))

    def _on_resume_toggled(self, checked: bool) -> None:
        self.setting_changed.emit(RESUME_ON_START.key, checked)

    def _on_notify_toggled(self, checked: bool) -> None:
        self.setting_changed.emit(NOTIFY.key, checked)
