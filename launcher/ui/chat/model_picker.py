"""The head of the chat: which model answers, and the switch of the meters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QWidget

from launcher.core.downloads import Installed
from launcher.core.units import gb
from launcher.ui.chat.states import ModelState
from launcher.ui.components import FocusRing, IconButton, frame, show_checked
from launcher.ui.theme import Role, Tone, colour, current, font, paint_icon, px
from launcher.ui.theme.menu_icons import icon

_HEIGHT = 52


class ChatHead(QWidget):
    """Model picker, more actions, meter switch.

    Signals:
        model_chosen(Installed): another model of the menu.
        models_requested(): "More models" of the menu.
        copy_requested(): the chat as Markdown.
        meter_toggled(bool): the switch of the meter panel.
        settings_toggled(bool): the switch of the settings of this chat.
        export_requested(str): write the open chat in that form ("md", "html", "json", "pdf").
        export_all_requested(str): the same for all chats.
        import_requested(): take the chats of files in.
    """

    model_chosen = Signal(object)
    models_requested = Signal()
    copy_requested = Signal()
    meter_toggled = Signal(bool)
    settings_toggled = Signal(bool)
    export_requested = Signal(str)
    export_all_requested = Signal(str)
    import_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._has_messages = False
        self.setFixedHeight(px(_HEIGHT))
        self._picker = ModelPicker(self)
        self._picker.model_chosen.connect(self.model_chosen)
        self._picker.models_requested.connect(self.models_requested)
        self._settings = IconButton("sliders-horizontal", self.tr("Settings of this chat"), self, checkable=True)
        self._settings.toggled.connect(self.settings_toggled)
        self._more = IconButton("ellipsis", self.tr("More"), self)
        self._more.clicked.connect(self._on_more_clicked)
        self._meters = IconButton("panel-right", self.tr("Meters"), self, checkable=True)
        self._meters.setChecked(True)
        self._meters.toggled.connect(self.meter_toggled)
        row = QHBoxLayout(self)
        row.setContentsMargins(px(24), 0, px(14), 0)
        row.setSpacing(px(10))
        row.addWidget(self._picker)
        row.addStretch(1)
        row.addWidget(self._settings)
        row.addWidget(self._more)
        row.addWidget(self._meters)

    @property
    def picker(self) -> ModelPicker:
        """The model picker."""
        return self._picker

    def set_meters_shown(self, shown: bool) -> None:
        """Show the state of the meter panel."""
        show_checked(self._meters, shown)

    def set_settings_shown(self, shown: bool) -> None:
        """Show the state of the settings of this chat."""
        show_checked(self._settings, shown)

    def set_has_messages(self, has_messages: bool) -> None:
        """Whether there is something to copy and to export."""
        self._has_messages = has_messages

    def changeEvent(self, event: QEvent) -> None:
        """A new text size."""
        if event.type() == QEvent.Type.StyleChange:
            self.setFixedHeight(px(_HEIGHT))
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line under it."""
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(current().border))
        painter.end()

    def _on_more_clicked(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction(icon("copy"), self.tr("Copy chat as Markdown"))
        copy.triggered.connect(self.copy_requested)
        copy.setEnabled(self._has_messages)
        menu.addSeparator()
        own = self._forms_menu(menu, self.tr("Export chat"), self._on_export_chosen)
        own.setEnabled(self._has_messages)
        self._forms_menu(menu, self.tr("Export all chats"), self._on_export_all_chosen)
        menu.addAction(self.tr("Import chats…")).triggered.connect(self.import_requested)
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height() + px(4))))

    def _forms_menu(self, menu: QMenu, title: str, on_chosen: Callable[[QAction], None]) -> QMenu:
        """The forms of an export; each action carries the ending of its files."""
        forms = menu.addMenu(icon("file-text"), title)
        for form, words in (
            ("md", self.tr("Markdown…")),
            ("html", self.tr("Web page (HTML)…")),
            ("pdf", self.tr("PDF…")),
            ("json", self.tr("Everything, to import again (JSON)…")),
        ):
            forms.addAction(words).setData(form)
        forms.triggered.connect(on_chosen)
        return forms

    def _on_export_chosen(self, action: QAction) -> None:
        self.export_requested.emit(action.data())

    def _on_export_all_chosen(self, action: QAction) -> None:
        self.export_all_requested.emit(action.data())


class ModelPicker(QPushButton):
    """State dot, name, quantisation; opens the installed models.

    Signals:
        model_chosen(Installed): a model of the menu.
        models_requested(): the user wants to see all models.
    """

    model_chosen = Signal(object)
    models_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._quant, self._state = "", "", ModelState.NONE
        self._installed: tuple[Installed, ...] = ()
        self._actions: dict[QAction, Installed] = {}
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAutoDefault(False)
        self.clicked.connect(self._on_clicked)
        FocusRing(self, 8)
        self.set_model("", "", ModelState.NONE)

    def set_model(self, name: str, quant: str, state: ModelState) -> None:
        """Show a model; "" for none."""
        self._name, self._quant, self._state = name, quant, state
        words = {
            ModelState.NONE: self.tr("no model"),
            ModelState.UNLOADED: self.tr("not loaded"),
            ModelState.LOADING: self.tr("loading"),
            ModelState.READY: self.tr("ready"),
            ModelState.ANSWERING: self.tr("answering"),
            ModelState.STOPPED: self.tr("stopped"),
        }[state]
        self.setText(name or self.tr("Choose a model"))
        shown = f"{name} {quant}".strip()
        self.setAccessibleName(self.tr("Model: {name}, {state}").format(name=shown or self.tr("none"), state=words))
        self.setToolTip(f"{shown}: {words}" if shown else words)
        self.updateGeometry()
        self.update()

    def set_installed(self, installed: Sequence[Installed]) -> None:
        """The models of the menu; the built-in one stands last, below a line."""
        self._installed = tuple(installed)

    def sizeHint(self) -> QSize:
        """Dot, name, quantisation, chevron."""
        width = px(12) + px(8) + px(8) + self._text_width() + px(10) + px(14) + px(12)
        return QSize(round(width), px(34))

    def minimumSizeHint(self) -> QSize:
        """Names are elided in a narrow window."""
        return QSize(px(120), px(34))

    def changeEvent(self, event: QEvent) -> None:
        """A new text size."""
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame and content."""
        tokens = current()
        painter = QPainter(self)
        fill = tokens.border if self.isDown() else tokens.raised if self.underMouse() else tokens.surface
        frame(
            painter, QRectF(self.rect()), 8, fill, tokens.border if tokens.name != "high-contrast" else tokens.outline
        )
        x = float(px(12))
        side = px(8)
        frame(painter, QRectF(x, (self.height() - side) / 2, side, side), side / 2, colour(self._state.tone))
        x += side + px(8)
        right = self.width() - px(12) - px(14) - px(8)
        name_font, quant_font = font(Role.BODY_STRONG), font(Role.MONO)
        quant_width = QFontMetricsF(quant_font).horizontalAdvance(self._quant) + (px(8) if self._quant else 0)
        measure = QFontMetricsF(name_font)
        name = measure.elidedText(self.text(), Qt.TextElideMode.ElideMiddle, max(0.0, right - x - quant_width))
        painter.setFont(name_font)
        painter.setPen(QColor(tokens.text))
        painter.drawText(QRectF(x, 0, right - x, self.height()), Qt.AlignmentFlag.AlignVCenter, name)
        x += measure.horizontalAdvance(name) + px(8)
        painter.setFont(quant_font)
        painter.setPen(QColor(tokens.muted))
        painter.drawText(
            QRectF(x, 0, max(0.0, right - x + 1), self.height()), Qt.AlignmentFlag.AlignVCenter, self._quant
        )
        side = px(14)
        place = QRectF(self.width() - px(12) - side, (self.height() - side) / 2, side, side)
        paint_icon(painter, "chevron-down", Tone.MUTED, place)
        painter.end()

    def _text_width(self) -> float:
        width = QFontMetricsF(font(Role.BODY_STRONG)).horizontalAdvance(self.text())
        return width + (px(8) + QFontMetricsF(font(Role.MONO)).horizontalAdvance(self._quant) if self._quant else 0) + 1

    def _on_clicked(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setAccessibleName(self.tr("Installed models"))
        self._actions = {}
        own = [model for model in self._installed if not model.is_builtin]
        for model in own:
            self._add(menu, model, gb(model.size_bytes))
        if not own:
            menu.addAction(self.tr("No model is installed")).setEnabled(False)
        menu.addSeparator()
        for model in self._installed:
            if model.is_builtin:
                about = self.tr("{size}, built in, not a DeepSeek release").format(size=gb(model.size_bytes))
                self._add(menu, model, about)
                menu.addSeparator()
        menu.addAction(self.tr("More models…")).triggered.connect(self.models_requested)
        menu.triggered.connect(self._on_action_triggered)
        menu.popup(self.mapToGlobal(QPoint(0, self.height() + px(4))))

    def _add(self, menu: QMenu, model: Installed, about: str) -> None:
        action = menu.addAction(f"{model.name}  {model.quant} · {about}".replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked((model.name, model.quant) == (self._name, self._quant))
        self._actions[action] = model

    def _on_action_triggered(self, action: QAction) -> None:
        model = self._actions.get(action)
        if model is not None:
            self.model_chosen.emit(model)
