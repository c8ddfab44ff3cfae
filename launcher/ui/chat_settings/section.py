"""What the parts of the panel have in common."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.chat.chat_settings import ChatSettings
from launcher.core.models import Sampling
from launcher.ui.chat.states import ThinkingMode
from launcher.ui.components import Divider, Text
from launcher.ui.theme import Role, px


@dataclass(frozen=True, slots=True)
class ModelWords:
    """What is known of the model that answers this chat.

    Attributes:
        name: short; "" while none is chosen.
        sampling: the family's recommended values; None where none are published.
        thinking: what its switch can do; None where that is not known before it is loaded.
        system_policy: `Variant.system_prompt`.
    """

    name: str = ""
    sampling: Sampling | None = None
    thinking: ThinkingMode | None = None
    system_policy: str = "allowed"


class Section(QWidget):
    """A titled part, with a line above it.

    Signals:
        edited(ChatSettings): the settings of the chat with what the user changed.
    """

    edited = Signal(object)

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.settings = ChatSettings()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(px(8))
        self.column.addWidget(Divider(self))
        self.head = QHBoxLayout()
        self.head.setContentsMargins(0, px(4), 0, 0)
        self.head.addWidget(Text(title, Role.BODY_STRONG, parent=self), 1)
        self.column.addLayout(self.head)

    def show_settings(self, settings: ChatSettings, model: ModelWords) -> None:
        """Show other values without a signal."""
        del model
        self.settings = settings

    def flush(self) -> None:
        """Take what is being written."""

    def edit(self, settings: ChatSettings) -> None:
        """Tell the user's change, if it is one."""
        if settings != self.settings:
            self.settings = settings
            self.edited.emit(settings)
