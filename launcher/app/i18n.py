"""The window's language: the system's, where a translation is shipped; English otherwise."""

from __future__ import annotations

import os

from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from launcher.core.paths import resource


def install_translation(qt: QCoreApplication) -> None:
    """Load the translation for the user's language (LAUNCHER_LANGUAGE, such as zh_CN, overrides the system's)."""
    chosen = os.environ.get("LAUNCHER_LANGUAGE")
    locale = QLocale(chosen) if chosen else QLocale.system()
    translator = QTranslator(qt)
    if translator.load(locale, "launcher", "_", str(resource("i18n"))):
        qt.installTranslator(translator)
