"""The model of a chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from launcher.chat.chat_settings import ChatSettings
from launcher.core.downloads import Installed
from launcher.ui.chat_settings.section import ModelWords, Section
from launcher.ui.components import ComboBox, Text
from launcher.ui.theme import Role, Tone, px


class ModelSection(Section):
    """A choice of installed models, or whichever is loaded."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(self._section_title(), parent)
        self._installed: tuple[Installed, ...] = ()
        self._model = ModelWords()
        self._choice = _Choice(self.tr("Model of this chat"), self)
        self._choice.activated.connect(self._on_activated)
        self._note = Text("", Role.SMALL, Tone.MUTED, self, wrap=True)
        self.column.addWidget(self._choice)
        self.column.addWidget(self._note)

    def set_installed(self, installed: Sequence[Installed]) -> None:
        """The models that can be chosen."""
        self._installed = tuple(installed)
        self.show_settings(self.settings, self._model)

    def show_settings(self, settings: ChatSettings, model: ModelWords) -> None:
        """Which one is chosen, and whether it is still there."""
        super().show_settings(settings, model)
        self._model = model
        paths = ["", *(i.path for i in self._installed)]
        names = [self.tr("Whichever is loaded"), *(f"{i.name}  {i.quant}".strip() for i in self._installed)]
        is_gone = bool(settings.model_path) and settings.model_path not in paths
        if is_gone:
            paths.append(settings.model_path)
            names.append(self.tr("{name} (not here any more)").format(name=settings.model_name or self.tr("A model")))
        if names != [self._choice.itemText(i) for i in range(self._choice.count())]:
            self._choice.clear()
            self._choice.addItems(names)
        self._choice.setCurrentIndex(paths.index(settings.model_path))
        if is_gone:
            words = self.tr("Until it is back, whichever model is loaded answers.")
        elif settings.model_path:
            words = self.tr("It is loaded with the next message of this chat, if another one is in use then.")
        else:
            words = ""
        self._note.set_text(words)
        self._note.setVisible(bool(words))

    def _section_title(self) -> str:
        return self.tr("Model")

    def _on_activated(self, index: int) -> None:
        if index == 0:
            self.edit(replace(self.settings, model_path="", model_name=""))
        elif index <= len(self._installed):
            model = self._installed[index - 1]
            self.edit(replace(self.settings, model_path=model.path, model_name=f"{model.name} {model.quant}".strip()))


class _Choice(ComboBox):
    """As wide as the panel; long names are elided."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(name, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(px(160), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()
