"""The built-in model in the window: where it is offered, and the way on to a real one. ModelChoice labels it while it answers."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from launcher.app.flow import ChatFlow, key_of
from launcher.catalog import builtin
from launcher.core.downloads import DownloadProgress, DownloadRequest, DownloadState, Installed
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.core.units import duration
from launcher.core.words import joined
from launcher.services.download_service import DownloadService
from launcher.services.engine_service import EngineService
from launcher.services.tasks import TaskRunner
from launcher.ui.chat import ChatPage
from launcher.ui.components import BannerKind
from launcher.ui.downloads import DownloadsPage
from launcher.ui.home import HomePage

_Jobs = tuple[tuple[DownloadRequest, DownloadProgress], ...]
_COMING = (DownloadState.CHECKING, DownloadState.DOWNLOADING, DownloadState.VERIFYING)


class BuiltinPresenter(QObject):
    """Reads the built-in model's header in a thread, then offers it on Home, Downloads and in chats without messages.

    Signals:
        ready(Installed): it is there and can be chosen.
    """

    ready = Signal(object)

    def __init__(
        self,
        home: HomePage,
        chat: ChatPage,
        downloads_page: DownloadsPage,
        downloads: DownloadService,
        engine: EngineService,
        flow: ChatFlow,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._home, self._chat, self._downloads_page = home, chat, downloads_page
        self._downloads, self._engine, self._flow = downloads, engine, flow
        self._tasks = TaskRunner("builtin", self, serial=True)
        self._model: Installed | None = None
        self._offered_key = ""
        for page in (home, chat, downloads_page):
            page.try_requested.connect(self.open)
        engine.loaded.connect(self._on_loaded)
        downloads.library_changed.connect(self._on_library_changed)
        downloads.jobs_changed.connect(self._on_jobs_changed)
        downloads.progressed.connect(self._on_progressed)
        flow.switch_offered.connect(self._on_switch_offered)

    def start(self) -> None:
        """Read it."""
        self._tasks.run(builtin.installed, self._on_read)

    def close(self) -> None:
        """End the thread."""
        self._tasks.close()

    @Slot()
    def open(self) -> None:
        """Chat with it."""
        if self._model is not None:
            self._flow.open(self._model)
            self._chat.focus_composer()

    def switch(self, key: str) -> None:
        """On to the model that was offered."""
        self._chat.clear_banner()
        self._flow.go_on_with_key(key)

    # --- offering ---

    def _on_read(self, model: Installed | None) -> None:
        if model is None:
            return
        self._model = model
        self._home.set_builtin(model.size_bytes)
        self._chat.set_builtin(builtin.try_words(model.size_bytes), builtin.EXAMPLES)
        self.ready.emit(model)
        self._show()

    @Slot(object)
    def _on_library_changed(self, installed: tuple[Installed, ...]) -> None:
        del installed  # the service has it
        self._show()

    def _show(self) -> None:
        """Home keeps its own count of what is installed."""
        is_offered = self._model is not None and not self._downloads.installed
        self._downloads_page.set_try(builtin.try_words(self._model.size_bytes) if self._model and is_offered else "")
        if not is_offered:
            self._chat.set_coming("")

    # --- while a download runs ---

    @Slot(object)
    def _on_jobs_changed(self, jobs: _Jobs) -> None:
        coming = [(request, progress) for request, progress in jobs if progress.state in _COMING]
        words = self._coming_words(*coming[0]) if coming and not self._downloads.installed else ""
        self._chat.set_coming(words)

    @Slot(object)
    def _on_progressed(self, progress: DownloadProgress) -> None:
        """A figure that moves is for who sees it (the next follows at once); an item that comes no more is taken away anywhere."""
        if self._chat.isVisible() or progress.state not in _COMING:
            self._on_jobs_changed(self._downloads.jobs())

    def _coming_words(self, request: DownloadRequest, progress: DownloadProgress) -> str:
        name = f"{request.short_name} {request.quant}".strip()
        if not progress.total_bytes:
            return self.tr("{model} is on its way.").format(model=name)
        share = f"{progress.done_bytes / progress.total_bytes:.0%}"
        here = self.tr("{model} is on its way: {share} is here.").format(model=name, share=share)
        left = progress.seconds_left
        return joined(here, "" if left is None else self.tr("{time} left.").format(time=duration(left)))

    # --- the way on ---

    @Slot(object)
    def _on_switch_offered(self, model: Installed) -> None:
        """It was wished for, but somebody is chatting: nothing is taken away from under their hands."""
        self._offered_key = key_of(model)
        name = f"{model.name} {model.quant}".strip()
        what = self.tr("{model} is ready.").format(model=name)
        why = self.tr("You are chatting with the built-in demonstration model; this chat can go on with the new one.")
        step = NextStep(self.tr("Chat with {model}").format(model=name), StepAction.SWITCH_MODEL, self._offered_key)
        self._chat.show_banner(UserError("model_ready", what, why, (step,)), BannerKind.GOOD)

    @Slot(object)
    def _on_loaded(self, loaded: object) -> None:
        del loaded  # the service has it
        installed = self._engine.installed
        if self._offered_key and installed is not None and not installed.is_builtin:
            self._offered_key = ""
            self._chat.clear_banner()
