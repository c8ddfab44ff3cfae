"""Applies the theme and follows the system: light or dark, contrast, font and its size."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QApplication

from launcher.ui.theme import fonts, style
from launcher.ui.theme.state import state
from launcher.ui.theme.tokens import DARK, HIGH_CONTRAST, LIGHT, Tokens


class ThemeMode(StrEnum):
    """What the user chose in the settings."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


_SCHEMES = {
    ThemeMode.SYSTEM: Qt.ColorScheme.Unknown,
    ThemeMode.LIGHT: Qt.ColorScheme.Light,
    ThemeMode.DARK: Qt.ColorScheme.Dark,
}


class ThemeManager(QObject):
    """Owns the look of the application; `app` makes one before the first widget.

    Signals:
        changed(Tokens): another theme, contrast or text size is in force; widgets were already repainted.
    """

    changed = Signal(object)

    def __init__(
        self,
        app: QApplication,
        mode: ThemeMode = ThemeMode.SYSTEM,
        text_scale: float = 1.0,
        *,
        is_fusion: bool = False,
    ) -> None:
        """Apply Fusion and the theme at once.

        Args:
            app: the application; its font at this moment is taken as the system's.
            mode: the user's choice.
            text_scale: the user's own factor on top of the system's text size (1.0 to 2.0).
            is_fusion: the application was made with `-style Fusion`; asking Qt for it here would first show Python the class of
                all styles, 10 ms of enums.
        """
        super().__init__(app)
        self._app = app
        self._mode = mode
        self._text_scale = text_scale
        self._forced: Tokens | None = None
        if not is_fusion:
            app.setStyle("Fusion")
        system_font = app.font()
        # QFontInfo gives pixels whichever unit the system chose.
        self._system_scale = max(1.0, QFontInfo(system_font).pixelSize() / fonts.BASE_PX)
        state.family = system_font.family()
        hints = app.styleHints()
        hints.setColorScheme(_SCHEMES[mode])
        hints.colorSchemeChanged.connect(self._on_system_changed)
        hints.accessibility().contrastPreferenceChanged.connect(self._on_system_changed)
        self._apply()

    @property
    def tokens(self) -> Tokens:
        """The colours in force."""
        return state.tokens

    @property
    def mode(self) -> ThemeMode:
        """What the user chose."""
        return self._mode

    def set_mode(self, mode: ThemeMode) -> None:
        """Follow the system, or stay light or dark."""
        self._mode = mode
        self._app.styleHints().setColorScheme(_SCHEMES[mode])
        self._apply()

    def set_text_scale(self, text_scale: float) -> None:
        """The user's own factor on the system's text size."""
        self._text_scale = text_scale
        self._apply()

    def force(self, tokens: Tokens | None) -> None:
        """Show exactly these colours (gallery and pictures); None goes back to the system's wish."""
        self._forced = tokens
        self._apply()

    def _wanted(self) -> Tokens:
        if self._forced:
            return self._forced
        hints = self._app.styleHints()
        if hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
            return HIGH_CONTRAST
        if self._mode is not ThemeMode.SYSTEM:
            # Not every platform plugin takes setColorScheme, so the user's choice does not depend on its answer.
            return DARK if self._mode is ThemeMode.DARK else LIGHT
        return DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT

    def _on_system_changed(self) -> None:
        self._apply()

    def _apply(self) -> None:
        tokens = self._wanted()
        scale = self._system_scale * self._text_scale
        if tokens == state.tokens and scale == state.text_scale and self._app.styleSheet():
            return
        state.tokens = tokens
        state.text_scale = scale
        state.fonts.clear()
        self._app.setFont(fonts.font(fonts.Role.BODY))
        self._app.setPalette(style.palette(tokens))
        self._app.setStyleSheet(style.style_sheet(tokens))
        self.changed.emit(tokens)
