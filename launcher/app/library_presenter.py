"""The library page, and files that come from outside: dropped on the window, opened by a double click, chosen in a dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from launcher.app.flow import ChatFlow
from launcher.app.storage_presenter import ask_folder
from launcher.core.downloads import DownloadRequest, Installed
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.units import gb
from launcher.core.words import joined, known, listed
from launcher.services.chat_service import ChatService
from launcher.services.download_service import DownloadService
from launcher.services.library_service import LibraryService
from launcher.ui.components import BannerKind
from launcher.ui.library.words import about

if TYPE_CHECKING:
    from launcher.downloads.library.adopt import Adopted
    from launcher.downloads.library.updates import Update
    from launcher.downloads.library.verify import Verdict
    from launcher.ui.library.page import LibraryPage

_CHAT, _FETCH_AGAIN = "chat_with_file", "fetch_file_again"
"""Steps of this page's own messages; their argument is a path."""


class LibraryPresenter(QObject):
    """Connects the page with the service; the page is made when it is first needed.

    Signals:
        page_wanted(): something came from outside; the page should show.
        downloads_wanted(): a download was begun here.
        home_wanted(): nothing is here yet, the user wants to choose.
        next_step_chosen(NextStep): a step that is not the page's own.
    """

    page_wanted = Signal()
    downloads_wanted = Signal()
    home_wanted = Signal()
    next_step_chosen = Signal(object)

    def __init__(
        self,
        library: LibraryService,
        downloads: DownloadService,
        store: ChatService,
        flow: ChatFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._made: LibraryPage | None = None
        self._library = library
        self._downloads = downloads
        self._flow = flow
        self._open_when_adopted = ""
        self._open_when_listed: Adopted | None = None
        self._offered: dict[str, Installed] = {}
        store.last_loads_listed.connect(library.set_last_loads)
        library.verified.connect(self._on_verified)
        library.moved.connect(self._on_moved)
        library.removed.connect(self._on_removed)
        library.updates_looked_for.connect(self._on_updates_looked_for)
        library.failed.connect(self._on_failed)
        library.adopted.connect(self._on_adopted)
        library.fetch_wanted.connect(self._on_fetch_wanted)
        downloads.library_changed.connect(self._on_library_changed)

    @property
    def page(self) -> LibraryPage:
        """The page, made when it is first needed."""
        if self._made is None:
            self._made = self._make_page()
        return self._made

    def _make_page(self) -> LibraryPage:
        from launcher.ui.library.page import LibraryPage

        page, library = LibraryPage(), self._library
        if library.library is not None:
            page.set_library(library.library)
        for work in library.works:
            page.set_work(work)
        library.listed.connect(page.set_library)
        library.worked.connect(page.set_work)
        library.work_ended.connect(page.end_work)
        page.chat_requested.connect(self._flow.chat_with)
        page.home_requested.connect(self.home_wanted)
        page.add_file_requested.connect(self._on_add_file_requested)
        page.add_folder_requested.connect(self._on_add_folder_requested)
        page.updates_requested.connect(library.look_for_updates)
        page.updates_cancelled.connect(self._on_updates_cancelled)
        page.next_step_chosen.connect(self._on_next_step_chosen)
        panel = page.panel
        panel.verify_requested.connect(library.verify)
        panel.cancel_requested.connect(library.cancel)
        panel.reveal_requested.connect(self._on_reveal_requested)
        panel.move_requested.connect(self._on_move_requested)
        panel.remove_requested.connect(library.remove)
        panel.pin_changed.connect(library.pin)
        panel.update_requested.connect(self._on_update_requested)
        panel.fetch_again_requested.connect(library.fetch_again)
        return page

    @Slot(object)
    def add(self, paths: tuple[str, ...]) -> None:
        """List files and folders that were dropped on the window; the page tells what came of it."""
        self.page_wanted.emit()
        self.page.show_message(BannerKind.INFO, self.tr("Reading the headers…"))
        self._library.adopt(paths)

    def open_file(self, path: str) -> None:
        """Chat with a file that was double-clicked, once its header says that it is a model."""
        self._open_when_adopted = path
        self._library.adopt((path,))

    # --- what came of it ---

    @Slot(object)
    def _on_adopted(self, result: Adopted) -> None:
        opened, self._open_when_adopted = self._open_when_adopted, ""
        if opened and result.models:
            self._flow.chat_with(result.models[0])
            return
        if opened and _is_already_listed(result):
            # The list may be older than this, or not have been read at all yet; it is read again now.
            self._open_when_listed = result
            self._open_listed()
            return
        if opened:
            self.page_wanted.emit()
        self._tell_adopted(result)

    def _open_listed(self) -> bool:
        """Open a file that was in the list already, from wherever."""
        waiting = self._open_when_listed
        already = self._already_here(waiting) if waiting is not None else None
        if already is None:
            return False
        self._open_when_listed = None
        self._flow.chat_with(already)
        return True

    @Slot(object)
    def _on_library_changed(self, installed: tuple[Installed, ...]) -> None:
        del installed  # the service has it
        waiting = self._open_when_listed
        if waiting is not None and not self._open_listed():
            self._open_when_listed = None
            self.page_wanted.emit()
            self._tell_adopted(waiting)

    def _already_here(self, result: Adopted) -> Installed | None:
        path, error = result.refused[0]
        wanted = {path, *(step.argument for step in error.next_steps if step.action == StepAction.REVEAL)}
        return next((m for m in self._downloads.installed if m.path in wanted), None)

    def _tell_adopted(self, result: Adopted) -> None:
        models, refused = result.models, result.refused
        self._offered = {model.path: model for model in models}
        reasons = [joined(known(error.what), known(error.why)) for _path, error in refused]
        if not models:
            if len(refused) == 1:
                self.page.show_error(refused[0][1])
            else:
                text = self.tr("None of the {n} can be used.").format(n=len(refused))
                self.page.show_message(BannerKind.BAD, text, joined(*reasons[:3]))
            return
        chat = (NextStep(self.tr("Chat"), _CHAT, models[0].path),) if len(models) == 1 else ()
        what = (
            self.tr("{name} is in the library now.").format(name=about(models[0]))
            if len(models) == 1
            else self.tr("{n} models are in the library now.").format(n=len(models))
        )
        names = "" if len(models) == 1 else listed(*(about(model) for model in models[:5]))
        kind = BannerKind.WARN if refused else BannerKind.GOOD
        self.page.show_message(kind, what, joined(names, *reasons[:3]), chat)
        self.page.choose(models[0].path)

    @Slot(object, object)
    def _on_verified(self, model: Installed, verdict: Verdict) -> None:
        name = about(model)
        if verdict.state == "matches":
            what = self.tr("{name} is complete and unchanged.").format(name=name)
            why = self.tr("Its sha256 is the one of {source}.").format(source=verdict.expected_from)
            self.page.show_message(BannerKind.GOOD, what, why)
        elif verdict.state == "no_checksum":
            what = self.tr("{name} was read to its end.").format(name=name)
            why = self.tr("Nobody has published a checksum to compare it with; its header is sound.")
            self.page.show_message(BannerKind.INFO, what, why)
        else:
            what = self.tr("{name} is damaged.").format(name=name)
            n, m = len(verdict.bad_files), len(model.files or (model.path,))
            why = (
                self.tr("Not as {source} says: {n} of {m} files.").format(n=n, m=m, source=verdict.expected_from)
                if verdict.expected_from
                else self.tr("Its header does not fit its size: it is not complete.")
            )
            again = NextStep(self.tr("Fetch it again"), _FETCH_AGAIN, model.path)
            show = NextStep(self.tr("Show in folder"), StepAction.REVEAL, model.path)
            self.page.show_message(BannerKind.BAD, what, why, (again, show) if model.repo else (show,))

    @Slot(object)
    def _on_moved(self, model: Installed) -> None:
        what = self.tr("{name} was moved.").format(name=about(model))
        show = NextStep(self.tr("Show in folder"), StepAction.REVEAL, model.path)
        self.page.show_message(BannerKind.GOOD, what, model.path, (show,))

    @Slot(object, object)
    def _on_removed(self, model: Installed, freed_bytes: int) -> None:
        text = (
            self.tr("{name} was removed: {size} are free again.")
            if freed_bytes
            else self.tr("{name} is off the list; the file stays where it is.")
        )
        what = text.format(name=about(model), size=gb(freed_bytes))
        self.page.show_message(BannerKind.GOOD, what)

    @Slot(int)
    def _on_updates_looked_for(self, n: int) -> None:
        if n:
            what = self.tr("Newer versions exist: {n}.").format(n=n)
            why = self.tr("Each model with one says so. Nothing is fetched until you want it; the old version stays.")
            self.page.show_message(BannerKind.INFO, what, why)
        else:
            self.page.show_message(BannerKind.GOOD, self.tr("Every model is the newest version."))

    @Slot(str, object)
    def _on_failed(self, path: str, error: UserError) -> None:
        del path
        self.page.show_error(error)

    @Slot(object)
    def _on_fetch_wanted(self, request: DownloadRequest) -> None:
        self._downloads.start(request)
        self.downloads_wanted.emit()

    # --- what is wanted ---

    @Slot()
    def _on_updates_cancelled(self) -> None:
        self._library.cancel("")

    @Slot(object)
    def _on_update_requested(self, update: Update) -> None:
        self._on_fetch_wanted(update.request)

    @Slot(str)
    def _on_reveal_requested(self, path: str) -> None:
        self.next_step_chosen.emit(NextStep(self.tr("Show in folder"), StepAction.REVEAL, path))

    @Slot(object)
    def _on_move_requested(self, model: Installed) -> None:
        def move(folder: str) -> None:
            self._library.move(model, folder)

        ask_folder(self.page, self.tr("Move {name} to").format(name=about(model)), move)

    @Slot()
    def _on_add_file_requested(self) -> None:
        dialog = QFileDialog(self.page, self.tr("Add model files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters([self.tr("GGUF models (*.gguf)"), self.tr("All files (*)")])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._on_files_chosen)
        dialog.open()

    @Slot(list)
    def _on_files_chosen(self, paths: list[str]) -> None:
        self.add(tuple(paths))

    @Slot()
    def _on_add_folder_requested(self) -> None:
        ask_folder(self.page, self.tr("Look for models in"), self._on_folder_chosen)

    @Slot(str)
    def _on_folder_chosen(self, folder: str) -> None:
        self.add((folder,))

    @Slot(object)
    def _on_next_step_chosen(self, step: NextStep) -> None:
        if step.action == _CHAT:
            model = self._offered.get(step.argument)
            if model is not None:
                self._flow.chat_with(model)
        elif step.action == _FETCH_AGAIN:
            self._library.fetch_again(step.argument)
        else:
            self.next_step_chosen.emit(step)


def _is_already_listed(result: Adopted) -> bool:
    return [error.code for _path, error in result.refused] == ["already_listed"]
