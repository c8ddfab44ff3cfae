"""Where models are: the folder for new ones, the others that hold some of ours, and those that are only searched."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.units import gb
from launcher.services.storage import Storage
from launcher.store.settings import KV_STATE_CAP_GB
from launcher.ui.components import ButtonSize, FlowLayout, LinkButton, SecondaryButton, Text
from launcher.ui.settings.controls import NumberField, with_unit
from launcher.ui.settings.rows import SectionCard, SettingRow
from launcher.ui.theme import Role, Tone


class StorageSection(SectionCard):
    """Folders, and what the engine keeps of chats.

    Signals:
        setting_changed(str, object): key and value.
        change_requested(), cache_wanted(): another folder for new models; back to the Hugging Face cache.
        open_requested(str): show a folder.
        search_requested(), forget_requested(str): look through another folder; through this one no more.
        clear_states_requested(): remove the chats' saved states; the chats stay.
    """

    setting_changed = Signal(str, object)
    change_requested = Signal()
    cache_wanted = Signal()
    open_requested = Signal(str)
    search_requested = Signal()
    forget_requested = Signal(str)
    clear_states_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("Models and storage"))
        self._storage: Storage | None = None
        self._build_folder()
        self._others_box, self._others_column = _list(self)
        self._others = SettingRow(
            self.tr("Other folders in use"),
            self.tr("Models that were fetched or moved there stay known."),
            self._others_box,
            below=True,
        )
        self._others.is_wanted = False
        self.add(self._others)
        self._build_searched()
        self._build_states()

    def set_values(self, values: dict[str, object]) -> None:
        """Show values by key."""
        cap = values.get(KV_STATE_CAP_GB.key)
        if isinstance(cap, int):
            self._cap.set_value(cap)

    def set_storage(self, storage: Storage) -> None:
        """Show the folders in force."""
        self._storage = storage
        self._folder.set_text(storage.downloads)
        free = self.tr("{size} free on its disk.").format(size=gb(storage.free_bytes))
        cache = self.tr("The Hugging Face cache, shared with other programs.")
        self._facts.set_text(" ".join(((cache, free) if storage.is_cache else (free,)) + storage.warnings))
        self._cache.setVisible(not storage.is_cache)
        self._others.is_wanted = bool(storage.others)
        self._others.setVisible(bool(storage.others) and self.isVisible())
        self._states.set_text(
            self.tr("Now: {size} (chats: {n}).").format(size=gb(storage.states_bytes), n=storage.states_count)
            if storage.states_count
            else self.tr("Now: none.")
        )
        self._clear.setEnabled(bool(storage.states_bytes))
        self._fill(self._others_column, storage.others, can_forget=False)
        self._fill(self._searched_column, storage.searched, can_forget=True)

    def show_folder_problem(self, text: str) -> None:
        """Why a folder was not taken; "" when it was."""
        self._row.set_problem(text)

    def _build_folder(self) -> None:
        box, column = _list(self)
        self._folder = Text("…", Role.MONO_SMALL, parent=box, wrap=True)
        self._facts = Text("", Role.SMALL, Tone.MUTED, box, wrap=True)
        buttons = QWidget(box)
        flow = FlowLayout(buttons, gap=8)
        change = SecondaryButton(self.tr("Change…"), buttons, size=ButtonSize.SMALL)
        change.setAccessibleName(self.tr("Change the folder for new downloads"))
        change.clicked.connect(self.change_requested)
        show = SecondaryButton(self.tr("Open folder"), buttons, size=ButtonSize.SMALL, icon="folder")
        show.clicked.connect(self._on_open_clicked)
        self._cache = LinkButton(self.tr("Use the Hugging Face cache"), buttons)
        self._cache.clicked.connect(self.cache_wanted)
        for button in (change, show, self._cache):
            flow.addWidget(button)
        for widget in (self._folder, self._facts, buttons):
            column.addWidget(widget)
        self._row = SettingRow(
            self.tr("Folder for new downloads"),
            self.tr("Models that are here stay where they are. HF_HOME or HF_HUB_CACHE moves the Hugging Face cache."),
            box,
            below=True,
        )
        self.add(self._row)

    def _build_searched(self) -> None:
        box, column = _list(self)
        holder, self._searched_column = _list(box)
        add = SecondaryButton(self.tr("Add a folder…"), box, size=ButtonSize.SMALL, icon="plus")
        add.clicked.connect(self.search_requested)
        column.addWidget(holder)
        column.addWidget(add)
        self.add(
            SettingRow(
                self.tr("Folders that are searched"),
                self.tr(
                    "Beside those of LM Studio, Ollama, Jan, GPT4All and llama.cpp, which are found by themselves. "
                    "Nothing in them is changed."
                ),
                box,
                below=True,
            )
        )

    def _build_states(self) -> None:
        box, column = _list(self)
        name = self.tr("Saved states of chats")
        self._cap = NumberField(name, KV_STATE_CAP_GB.low, KV_STATE_CAP_GB.high, digits=0, step=1, parent=box)
        self._cap.changed.connect(self._on_cap_changed)
        self._states = Text("…", Role.SMALL, Tone.MUTED, box, wrap=True)
        self._clear = SecondaryButton(self.tr("Clear"), box, size=ButtonSize.SMALL)
        self._clear.setAccessibleName(self.tr("Clear the saved states of chats"))
        self._clear.clicked.connect(self.clear_states_requested)
        for widget in (with_unit(self._cap, self.tr("GB at most"), box), self._states, self._clear):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignLeft)
        self.add(
            SettingRow(
                name,
                self.tr(
                    "A long chat that is opened again continues at once instead of being read again. The files are readable "
                    "for you only and are deleted with their chat; those longest unused make room. 0 saves none."
                ),
                box,
                below=True,
            ),
            KV_STATE_CAP_GB.key,
        )

    def _on_cap_changed(self, value: float) -> None:
        self.setting_changed.emit(KV_STATE_CAP_GB.key, round(value))

    def _fill(self, column: QVBoxLayout, folders: tuple[str, ...], *, can_forget: bool) -> None:
        while (item := column.takeAt(0)) is not None:  # pyright: ignore[reportUnnecessaryComparison]
            if (widget := item.widget()) is not None:  # pyright: ignore[reportUnnecessaryComparison]
                widget.hide()
                widget.deleteLater()
        for folder in folders:
            line = _FolderLine(folder, self, can_forget=can_forget)
            line.forget_requested.connect(self.forget_requested)
            column.addWidget(line)

    def _on_open_clicked(self) -> None:
        if self._storage is not None:
            self.open_requested.emit(self._storage.downloads)


class _FolderLine(QWidget):
    forget_requested = Signal(str)

    def __init__(self, folder: str, parent: QWidget, *, can_forget: bool) -> None:
        super().__init__(parent)
        self._folder = folder
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(Text(folder, Role.MONO_SMALL, parent=self, wrap=True), 1, Qt.AlignmentFlag.AlignVCenter)
        if can_forget:
            forget = LinkButton(self.tr("Remove"), self)
            forget.setAccessibleName(self.tr("Stop searching {folder}").format(folder=folder))
            forget.clicked.connect(self._on_forget_clicked)
            row.addWidget(forget)

    def _on_forget_clicked(self) -> None:
        self.forget_requested.emit(self._folder)


def _list(parent: QWidget) -> tuple[QWidget, QVBoxLayout]:
    box = QWidget(parent)
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    return box, column
