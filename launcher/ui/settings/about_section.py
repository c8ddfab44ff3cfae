"""What this program is: its version and whether there is a newer one, the engine, and the licences of all that is shipped."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from launcher.catalog.releases import check_feed, feed_address
from launcher.store.settings import RELEASE_FEED
from launcher.ui.components import ButtonSize, SecondaryButton
from launcher.ui.settings.controls import AddressField
from launcher.ui.settings.rows import SectionCard, SettingRow


class AboutSection(SectionCard):
    """The last section.

    Signals:
        setting_changed(str, object): key and value.
        update_check_requested(): ask the release feed now.
        licences_requested(): show the licences.
    """

    setting_changed = Signal(str, object)
    update_check_requested = Signal()
    licences_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("About"))
        self._version = self.add(SettingRow(self.tr("Version"), "…"))
        check = SecondaryButton(self.tr("Check for updates"), self, size=ButtonSize.SMALL)
        check.clicked.connect(self.update_check_requested)
        self._updates = self.add(SettingRow(self.tr("Updates"), "…", check))
        self._feed = AddressField(self.tr("Release feed"), self, check_feed)
        self._feed.changed.connect(self._on_feed_changed)
        help_text = self.tr("Address of the list of releases that the check asks.")
        self.add(SettingRow(self.tr("Release feed"), help_text, self._feed, below=True), RELEASE_FEED.key)
        self._engine = self.add(SettingRow(self.tr("Engine build"), "…"))
        show = SecondaryButton(self.tr("Show licences"), self, size=ButtonSize.SMALL)
        show.clicked.connect(self.licences_requested)
        help_text = self.tr(
            "The launcher is under the MIT licence. It uses Qt under the LGPL, llama.cpp and other free software."
        )
        self.add(SettingRow(self.tr("Licences"), help_text, show))

    def set_about(self, version: str, engine: str) -> None:
        """The version of this program, and the engine build in words."""
        self._version.set_help(version)
        self._engine.set_help(engine)

    def set_values(self, values: dict[str, object]) -> None:
        """Show the feed in use, by key."""
        feed = str(values.get(RELEASE_FEED.key, ""))
        self._feed.set_value(feed)
        self._feed.set_placeholder(feed_address() or "https://server.example/releases.json")
        self._say_whether_asked(feed)

    def _say_whether_asked(self, feed: str) -> None:
        self._updates.set_help(
            self.tr("Asked only when you press the button: one request that tells this version and nothing else.")
            if feed_address(feed)
            else self.tr("No release feed is set in this build. Nothing is ever asked by itself.")
        )

    def _on_feed_changed(self, value: str) -> None:
        self._say_whether_asked(value)
        self.setting_changed.emit(RELEASE_FEED.key, value)
