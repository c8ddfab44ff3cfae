"""From "Download and chat" to a loaded model: fetches what is missing, then opens it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from launcher.core.downloads import DownloadProgress, DownloadRequest, Installed
from launcher.core.plans import Plan, Wishes
from launcher.engine.protocol import EngineState
from launcher.services.download_service import DownloadService
from launcher.services.engine_service import EngineService
from launcher.services.plan_service import PlanService

_IN_USE = (EngineState.STARTING, EngineState.LOADING, EngineState.READY, EngineState.ANSWERING)


def request_of(plan: Plan) -> DownloadRequest:
    """What has to be fetched for a plan."""
    return DownloadRequest(
        model=plan.model,
        short_name=plan.short_name,
        quant=plan.quant,
        repo=plan.repo,
        files=plan.files,
        file_bytes=plan.file_bytes,
        revision=plan.revision,
    )


def key_of(installed: Installed) -> str:
    """The download key ("repo::quant") of an installed model."""
    return f"{installed.repo}::{installed.quant}"


class ChatFlow(QObject):
    """Remembers which downloads end in a chat and opens models.

    Signals:
        chat_wanted(Installed): the user chose it outside of the chats; which chat it answers in is to be settled.
        opening(Installed): a model is about to be planned and loaded; the chat page should show.
        switch_offered(Installed): a download that was to end in a chat is here, while the built-in model answers: the user decides.
        chat_when_done_changed(str, bool): key of a download, and whether it ends in a chat.
    """

    chat_wanted = Signal(object)
    opening = Signal(object)
    switch_offered = Signal(object)
    chat_when_done_changed = Signal(str, bool)

    def __init__(self, downloads: DownloadService, engine: EngineService, plans: PlanService, parent: QObject) -> None:
        super().__init__(parent)
        self._downloads = downloads
        self._engine = engine
        self._plans = plans
        self._chat_when_done: set[str] = set()
        self._wishes_when_done: dict[str, Wishes] = {}
        self._plans_when_done: dict[str, Plan] = {}
        self._ready: str | None = None
        downloads.finished.connect(self._on_download_finished)
        downloads.library_changed.connect(self._on_library_changed)

    @Slot(object)
    def download_and_chat(self, plan: Plan, wishes: Wishes | None = None) -> None:
        """Open the plan's model, fetching it first if it is not on the disk; `wishes` as for `open`."""
        request = request_of(plan)
        installed = self.installed(request.key)
        if installed is not None:
            self.chat_with(installed, wishes, plan)
            return
        self._plans_when_done[request.key] = plan
        if wishes is None:
            self._wishes_when_done.pop(request.key, None)
        else:
            self._wishes_when_done[request.key] = wishes
        self.set_chat_when_done(request.key, True)
        self._downloads.start(request)

    @Slot(object)
    def download(self, plan: Plan) -> None:
        """Fetch only."""
        self._downloads.start(request_of(plan))

    @Slot(str, bool)
    def set_chat_when_done(self, key: str, wanted: bool) -> None:
        """Whether a finished download opens by itself."""
        if wanted == (key in self._chat_when_done):
            return
        if wanted:
            self._chat_when_done.add(key)
        else:
            self._chat_when_done.discard(key)
        self.chat_when_done_changed.emit(key, wanted)

    def wants_chat(self, key: str) -> bool:
        """Whether a download opens by itself when it is finished."""
        return key in self._chat_when_done

    @Slot(object)
    def chat_with(self, installed: Installed, wishes: Wishes | None = None, expected: Plan | None = None) -> None:
        """Chat with a model that was chosen elsewhere than in a chat; one that is in use already is not loaded once more.

        Args:
            installed: the model.
            wishes: other levers than usual, for which it is always loaded.
            expected: as for `open`.
        """
        self.chat_wanted.emit(installed)
        if wishes is not None or not self._is_in_use(installed):
            self.open(installed, wishes, expected)

    @Slot(object)
    def open(self, installed: Installed, wishes: Wishes | None = None, expected: Plan | None = None) -> None:
        """Load a model for the open chat, with other wishes than usual when given; what is less than in `expected` is said."""
        self.opening.emit(installed)
        self._engine.open(installed, wishes or self._plans.wishes, expected)

    @Slot(str)
    def open_key(self, key: str) -> None:
        """Chat with the finished download of that key."""
        installed = self.installed(key)
        if installed is not None:
            self.chat_with(installed, self._wishes_when_done.pop(key, None), self._plans_when_done.pop(key, None))

    def go_on_with_key(self, key: str) -> None:
        """Go on with the open chat and the finished download of that key."""
        installed = self.installed(key)
        if installed is not None:
            self.open(installed, self._wishes_when_done.pop(key, None), self._plans_when_done.pop(key, None))

    def wishes_waiting(self, key: str) -> Wishes | None:
        """The levers with which a running download will be opened; None for the usual ones."""
        return self._wishes_when_done.get(key)

    def download_again(self, path: str) -> None:
        """Replace a damaged file of ours by a fresh copy; files of other tools are left alone (the service says so)."""
        damaged = next((i for i in self._downloads.installed if i.path == path), None)
        if damaged is None or damaged.repo is None:
            return
        self._downloads.remove_installed(damaged)
        # Without file names the hub's listing is asked for all shards of this quantisation.
        request = DownloadRequest(damaged.model, damaged.name, damaged.quant, damaged.repo, (), damaged.size_bytes)
        self.set_chat_when_done(request.key, True)
        self._downloads.start(request)

    def installed(self, key: str) -> Installed | None:
        """What is on the disk under a download key."""
        return next((i for i in self._downloads.installed if key_of(i) == key), None)

    @Slot(object)
    def _on_download_finished(self, progress: DownloadProgress) -> None:
        if progress.key in self._chat_when_done:
            self.set_chat_when_done(progress.key, False)
            self._ready = progress.key  # opened when the library has been read again

    @Slot(object)
    def _on_library_changed(self, installed: tuple[Installed, ...]) -> None:
        del installed
        model = self.installed(self._ready) if self._ready is not None else None
        if model is None:
            return
        key, self._ready = key_of(model), None
        if self._is_builtin_in_use():
            self.switch_offered.emit(model)
        else:
            self.open_key(key)

    def _is_builtin_in_use(self) -> bool:
        model = self._engine.installed
        is_there = self._engine.state not in (EngineState.STOPPED, EngineState.CRASHED)
        return is_there and model is not None and model.is_builtin

    def _is_in_use(self, installed: Installed) -> bool:
        """It answers, or will in a moment."""
        model = self._engine.installed
        return model is not None and model.path == installed.path and self._engine.state in _IN_USE
