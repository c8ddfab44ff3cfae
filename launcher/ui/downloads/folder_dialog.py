"""Which disk: for new downloads, or for one that does not fit where it is."""

from __future__ import annotations

import os
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from launcher.core.machine import Disk
from launcher.core.units import gb
from launcher.ui.components import SecondaryButton
from launcher.ui.downloads.choices import Choices, Option
from launcher.ui.downloads.dialog import Dialog
from launcher.ui.theme import Tone

translate = QCoreApplication.translate  # before there is a dialog whose tr() could be asked


class FolderDialog(Dialog):
    """The disks with what is free on them, and any other folder.

    Signals:
        folder_chosen(str): the folder that models go to; it may not exist yet.
    """

    folder_chosen = Signal(str)

    def __init__(
        self, disks: Sequence[Disk], here: str, parent: QWidget, *, about: str = "", needed_bytes: int = 0
    ) -> None:
        """Make the dialog.

        Args:
            disks: folders to offer (`path`), each with the room on its disk.
            here: the folder in use now.
            parent: the window.
            about: the item that is moved; "" is for new downloads.
            needed_bytes: what that item still needs.
        """
        if about:
            title = translate("FolderDialog", "Another disk for {name}").format(name=about)
            why = translate(
                "FolderDialog", "It needs {size} more. What is already here is moved with it, and it goes on there."
            ).format(size=gb(needed_bytes))
        else:
            title = translate("FolderDialog", "Where new models go")
            why = translate("FolderDialog", "Models that are already here stay where they are and keep working.")
        super().__init__(title, why, parent, width=560)
        self._here, self._needed_bytes, self._is_item = here, needed_bytes, bool(about)
        self._disks = list(disks)
        self._choices = Choices(self.tr("Disks"), self)
        self.column.addWidget(self._choices)
        other = SecondaryButton(self.tr("Other folder…"), self, icon="folder")
        other.clicked.connect(self._on_other_clicked)
        self._use = self.add_buttons(self.tr("Move it there") if about else self.tr("Use this disk"), other)
        self._use.clicked.connect(self._on_use_clicked)
        self._choices.chosen.connect(self._on_chosen)
        self._show()

    def _show(self) -> None:
        options = [self._option(disk) for disk in self._disks]
        able = [i for i, option in enumerate(options) if not option.problem]
        current = [i for i in able if self._disks[i].path == self._here]
        chosen = current[0] if current else able[0] if able else -1
        self._choices.set_options(options, chosen)
        self._use.setEnabled(bool(able))

    def _option(self, disk: Disk) -> Option:
        free = self.tr("{size} free").format(size=gb(disk.free_bytes))
        is_here = _same(disk.path, self._here)
        if self._is_item and is_here:
            return Option(disk.path, figure=free, problem=self.tr("it is here now"))
        missing = self._needed_bytes - disk.free_bytes
        if missing > 0:
            return Option(
                disk.path, figure=free, tone=Tone.WARN, problem=self.tr("{size} too little").format(size=gb(missing))
            )
        about = self.tr("in use now") if is_here else disk.kind or ""
        return Option(disk.path, about, free)

    def _on_chosen(self, index: int) -> None:
        self._use.setEnabled(index >= 0)

    def _on_use_clicked(self) -> None:
        if self._choices.index >= 0:
            self.folder_chosen.emit(self._disks[self._choices.index].path)
            self.accept()

    def _on_other_clicked(self) -> None:
        dialog = QFileDialog(self, self.tr("Folder for models"), os.path.dirname(self._here) or self._here)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._on_folder_selected)
        dialog.open()

    def _on_folder_selected(self, folder: str) -> None:
        self.folder_chosen.emit(folder)
        self.accept()


def _same(first: str, second: str) -> bool:
    return os.path.normcase(os.path.normpath(first)) == os.path.normcase(os.path.normpath(second))
