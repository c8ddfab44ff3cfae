"""The window's language: the system's, where a translation is shipped; English otherwise."""

from __future__ import annotations

import os

from PySide6.QtCore import QCoreApplication, QLocale, QTranslator

from launcher.core import words
from launcher.core.paths import resource


def install_translation(qt: QCoreApplication) -> None:
    """Load the translation for the user's language (LAUNCHER_LANGUAGE, such as zh_CN, overrides the system's)."""
    chosen = os.environ.get("LAUNCHER_LANGUAGE")
    locale = QLocale(chosen) if chosen else QLocale.system()
    own = QTranslator(qt)
    if not own.load(locale, "launcher", "_", str(resource("i18n"))):
        return
    from PySide6.QtCore import QLibraryInfo

    qt.installTranslator(own)
    words.set_translation(_translated)
    QLocale.setDefault(locale)  # dates in the language of the words around them
    of_qt = QTranslator(qt)  # menus of text fields
    if of_qt.load(locale, "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        qt.installTranslator(of_qt)


def _translated(template: str) -> str:
    return QCoreApplication.translate("Words", template)
