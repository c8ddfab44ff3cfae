"""The frame of the chat page: its parts, where they stand, and the strips around the messages (alarms, loads, files)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from launcher.core.errors import UserError
from launcher.ui.chat.composer import Composer
from launcher.ui.chat.context_line import ContextLine
from launcher.ui.chat.conversation_panel import ConversationPanel
from launcher.ui.chat.demonstration_line import DemonstrationLine
from launcher.ui.chat.empty import EmptyChat
from launcher.ui.chat.file_strip import FileStrip
from launcher.ui.chat.finder import Finder
from launcher.ui.chat.loading_strip import LoadingStrip
from launcher.ui.chat.message_list import MessageList
from launcher.ui.chat.model_picker import ChatHead
from launcher.ui.chat.row_scroller import MAX_COLUMN, SIDE_MARGIN
from launcher.ui.chat.summary_strip import SummaryStrip
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.chat.undo_bar import UndoBar
from launcher.ui.components import Banner, BannerKind
from launcher.ui.theme import current, px

# Below these widths of the page the meters, then the list of chats, make room for the text.
_METERS_FROM, _LIST_FROM, _CHAT_FROM = 900, 720, 300


class ChatFrame(QWidget):
    """List of chats, the chat with its head and composer, and a place for settings and meters; narrow pages lose them in turn.

    Attributes:
        panel: the list of chats.
        center: the chat itself.
        finder: what is looked for in the open chat.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._meters: QWidget | None = None
        self._wants_meters = True
        self._settings: QWidget | None = None
        self._wants_settings = False
        self._typesetter = Typesetter(self)
        self.panel = ConversationPanel(self)
        self.center = _Center(self)
        self._head = ChatHead(self.center)
        self._alarm = QWidget(self.center)
        self._alarm.hide()
        self._banner = Banner(self._alarm)
        self._files = FileStrip(self.center)
        self._list = MessageList(self._typesetter, self.center)
        self.finder = Finder(self._list, self.center)
        self._empty = EmptyChat(self.center)
        self._loading = LoadingStrip(self.center)
        self._summarising = SummaryStrip(self.center)
        self._undo = UndoBar(self.center)
        self._demonstration = DemonstrationLine(self.center)
        self._composer = Composer(self.center)
        self._context_line = ContextLine(self.center)
        self._stack = QStackedWidget(self.center)
        self._foot = QWidget(self.center)
        self._center_column = QVBoxLayout(self.center)
        self._lay_out()

    @property
    def message_list(self) -> MessageList:
        """The messages (for F6, tests and measurements)."""
        return self._list

    @property
    def composer(self) -> Composer:
        """The writing field and its controls."""
        return self._composer

    # -- above and below the messages

    def show_banner(self, error: UserError, kind: BannerKind = BannerKind.WARN) -> None:
        """An alarm above the chat; stays until `clear_banner`."""
        self._banner.show_error(error, kind=kind)
        self._alarm.show()

    def clear_banner(self) -> None:
        """The alarm is over."""
        self._alarm.hide()

    def set_alarms(self, alarms: QWidget) -> None:
        """Put the alarms of a load above the messages; the page takes the widget, which takes no room while all is well."""
        alarms.setContentsMargins(px(24), 0, px(24), 0)
        self._center_column.insertWidget(self._center_column.indexOf(self._alarm), alarms)

    def set_file_work(self, words: str, fraction: float | None) -> None:
        """Show that chats are written or read, with Cancel; words "" hides it."""
        self._files.set_progress(words, fraction)

    def show_file_result(self, result: UserError, kind: BannerKind) -> None:
        """What came of an export or import; the user can send it away."""
        self._files.show_result(result, kind)

    def show_note(self, note: UserError) -> None:
        """Worth knowing once, and in nobody's way: the user can send it away."""
        self._files.show_result(note, BannerKind.INFO)

    def set_loading(self, fraction: float | None, words: str, detail: str = "") -> None:
        """Show the progress of a load with Cancel; words "" hides it; fraction None: not known; `detail` with figures."""
        self._loading.set_progress(fraction, words, detail)

    def set_load_steps(self, steps: Sequence[str]) -> None:
        """What a load had to give up so far for want of memory, shown while it goes on."""
        self._loading.set_steps(steps)

    def set_summarising(self, fraction: float | None, words: str) -> None:
        """Show the progress of a summary with Cancel; words "" hides it; fraction None: not known."""
        self._summarising.set_progress(fraction, words)

    # -- beside the chat

    def set_meter_panel(self, panel: QWidget) -> None:
        """Put the meters at the right; the page takes the widget."""
        self._meters = panel
        layout = self.layout()
        if layout is not None:
            layout.addWidget(panel)
        self._update_sides()

    def set_settings_panel(self, panel: QWidget) -> None:
        """Put the settings of the open chat beside it; the page takes the widget."""
        self._settings = panel
        panel.hide()
        layout = self.layout()
        if isinstance(layout, QHBoxLayout):
            layout.insertWidget(layout.indexOf(self.center) + 1, panel)
        self._update_sides()

    def set_settings_shown(self, shown: bool) -> None:
        """Show or hide the settings of the open chat."""
        self._wants_settings = shown
        self._update_sides()

    def set_meters_shown(self, shown: bool) -> None:
        """Show or fold the meters."""
        self._wants_meters = shown
        self._update_sides()

    def minimumSizeHint(self) -> QSize:
        """What the text needs: list and meters give way."""
        return self.center.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow page gives its width to the text."""
        super().resizeEvent(event)
        self._update_sides()

    def changeEvent(self, event: QEvent) -> None:
        """A new text size."""
        if event.type() == QEvent.Type.StyleChange:
            self._foot.setMaximumWidth(px(MAX_COLUMN) + 2 * px(8))
            self._update_sides()
        super().changeEvent(event)

    def _show_empty(self, is_empty: bool) -> None:
        """What a chat without messages shows in their place."""
        self._stack.setCurrentWidget(self._empty if is_empty else self._list)
        if is_empty and self.finder.is_open:
            self.finder.close()
        self._head.set_has_messages(not is_empty)

    def _update_sides(self) -> None:
        settings = self._settings
        has_settings = settings is not None and self._wants_settings
        taken = settings.width() if settings is not None and has_settings else 0
        # The settings take the place of the meters, and in a very narrow page that of the chat.
        has_room = self.width() - taken >= px(_METERS_FROM)
        if self._meters is not None:
            self._meters.setVisible(self._wants_meters and has_room)
        self._head.set_meters_shown(self._wants_meters and has_room)
        self.panel.setVisible(self.width() - taken >= px(_LIST_FROM))
        self._head.set_settings_shown(has_settings)
        if settings is not None:
            settings.setVisible(has_settings)
            self.center.setVisible(not has_settings or self.width() - taken >= px(_CHAT_FROM))

    # -- where everything stands

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        row.addWidget(self.panel)
        row.addWidget(self.center, 1)
        self._stack.addWidget(self._list)
        self._stack.addWidget(self._empty)
        self._lay_out_foot()
        alarm = QHBoxLayout(self._alarm)
        alarm.setContentsMargins(px(24), px(10), px(24), px(2))
        alarm.addWidget(self._banner)
        middle = QHBoxLayout()
        middle.setContentsMargins(px(SIDE_MARGIN - 8), 0, px(SIDE_MARGIN - 8), 0)
        middle.addStretch(1)
        middle.addWidget(self._foot, 1000)
        middle.addStretch(1)
        column = self._center_column
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self._alarm)
        column.addWidget(self._files)
        column.addWidget(self.finder.bar)
        column.addWidget(self._stack, 1)
        column.addLayout(middle)

    def _lay_out_foot(self) -> None:
        foot = QVBoxLayout(self._foot)
        foot.setContentsMargins(0, px(6), 0, px(6))
        foot.setSpacing(px(2))
        strips = (self._undo, self._loading, self._summarising, self._demonstration, self._composer, self._context_line)
        for strip in strips:
            foot.addWidget(strip)
        # As high as its parts are at its width; the messages take the rest.
        self._foot.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._foot.setMaximumWidth(px(MAX_COLUMN) + 2 * px(8))


class _Center(QWidget):
    """The chat itself, on surface."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(current().surface))
        painter.end()
