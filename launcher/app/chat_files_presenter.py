"""Export and import from the chat's menu: asks for a file, has it written or read, and says what came of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from launcher.chat.conversation import Conversation
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.services.chat_files import export_name
from launcher.services.chat_files_service import ChatFilesService, ChatForm, Exported, ImportReport
from launcher.services.chat_service import ChatService
from launcher.ui.chat import ChatPage
from launcher.ui.components import BannerKind


class ChatFilesPresenter(QObject):
    """Connects the menu of the chat page with the files."""

    def __init__(self, page: ChatPage, store: ChatService, parent: QObject) -> None:
        super().__init__(parent)
        self._page = page
        self._store = store
        self._files = ChatFilesService(store, self)
        self._form = ChatForm.MARKDOWN
        self._chat: Conversation | None = None
        page.export_requested.connect(self._on_export_requested)
        page.export_all_requested.connect(self._on_export_all_requested)
        page.import_requested.connect(self._on_import_requested)
        page.file_work_cancelled.connect(self._files.stop)
        self._files.progressed.connect(self._on_progressed)
        self._files.exported.connect(self._on_exported)
        self._files.imported.connect(self._on_imported)
        self._files.failed.connect(self._on_failed)

    def close(self) -> None:
        """End the thread."""
        self._files.close()

    @Slot(object, str)
    def _on_export_requested(self, chat: Conversation, form: str) -> None:
        self._chat, self._form = chat, ChatForm(form)
        dialog = self._dialog(self.tr("Export chat"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(form)
        dialog.selectFile(export_name(chat, self._form))
        dialog.fileSelected.connect(self._on_target_chosen)
        dialog.open()

    @Slot(str)
    def _on_target_chosen(self, path: str) -> None:
        if self._chat is not None:
            self._page.set_file_work(self.tr("Writing {name}…").format(name=Path(path).name), None)
            self._files.export_chat(self._chat, self._form, Path(path))

    @Slot(str)
    def _on_export_all_requested(self, form: str) -> None:
        self._form = ChatForm(form)
        dialog = self._dialog(self.tr("Export all chats"))
        if self._form is ChatForm.JSON:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix(form)
            dialog.selectFile("chats.json")
        else:
            dialog.setFileMode(QFileDialog.FileMode.Directory)
            dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self._on_all_target_chosen)
        dialog.open()

    @Slot(str)
    def _on_all_target_chosen(self, path: str) -> None:
        self._page.set_file_work(self.tr("Writing chats…"), None)
        self._files.export_all(self._form, Path(path))

    @Slot()
    def _on_import_requested(self) -> None:
        dialog = self._dialog(self.tr("Import chats"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([self.tr("Exported chats (*.json *.zip)"), self.tr("All files (*)")])
        dialog.filesSelected.connect(self.import_files)
        dialog.open()

    @Slot(list)
    def import_files(self, paths: list[str]) -> None:
        """Take the chats of these files in."""
        if paths:
            self._page.set_file_work(self.tr("Reading chats…"), None)
            self._files.import_files([Path(p) for p in paths])

    @Slot(int, int)
    def _on_progressed(self, done: int, count: int) -> None:
        words = self.tr("Writing chats: {done} of {count}").format(done=done, count=count)
        self._page.set_file_work(words, done / max(1, count))

    @Slot(object)
    def _on_exported(self, written: Exported) -> None:
        folder = str(Path(written.path).parent) if Path(written.path).suffix else written.path
        step = NextStep(self.tr("Show the folder"), StepAction.OPEN_FOLDER, folder)
        self._page.show_banner(
            UserError("exported", self.tr("The export is complete."), written.words(), (step,)), BannerKind.INFO
        )

    @Slot(object)
    def _on_imported(self, report: ImportReport) -> None:
        self._page.show_file_result(UserError("imported", report.words(), report.left_out_words()), BannerKind.INFO)
        if report.newest_id:
            self._store.open(report.newest_id)

    @Slot(object)
    def _on_failed(self, error: UserError) -> None:
        self._page.set_file_work("", None)
        if error.code not in ("export_cancelled", "file_work_stopped"):
            self._page.show_file_result(error, BannerKind.BAD)

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self._page, title)
        dialog.finished.connect(dialog.deleteLater)
        return dialog
