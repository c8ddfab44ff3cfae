"""A question on its way to an answer: one at a time, and kept while the model it is for is loaded."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from launcher.app.answer_presenter import AnswerPresenter, Turn
from launcher.app.chat_notices import ChatNotices
from launcher.app.model_choice import ModelChoice
from launcher.chat.chat_settings import ChatSettings
from launcher.chat.conversation import Conversation
from launcher.core.errors import NextStep, StepAction, UserError
from launcher.engine.protocol import EngineState
from launcher.services.engine_service import EngineService
from launcher.ui.chat import ChatPage
from launcher.ui.components import BannerKind


class QuestionPresenter(QObject):
    """Hands questions to the model, after it is loaded where it is not there.

    Signals:
        model_wanted(Installed): load this one.
        refused(Turn, UserError): the settings of its chat do not let it be sent.
    """

    model_wanted = Signal(object)
    refused = Signal(object, object)

    def __init__(
        self,
        page: ChatPage,
        engine: EngineService,
        model: ModelChoice,
        answers: AnswerPresenter,
        notices: ChatNotices,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._page = page
        self._engine = engine
        self._model = model
        self._answers = answers
        self._notices = notices
        self._waiting: Turn | None = None
        self._restart = QTimer(self)
        self._restart.setSingleShot(True)
        self._restart.timeout.connect(self.load_again)
        answers.interrupted.connect(self._on_interrupted)
        engine.state_changed.connect(self._on_state_changed)
        engine.load_cancelled.connect(self._on_load_cancelled)

    @property
    def waiting(self) -> Turn | None:
        """The question that is answered once a model is loaded."""
        return self._waiting

    @property
    def is_answering(self) -> bool:
        """An answer is being made, in whichever chat."""
        return self._answers.chat is not None

    def ask(self, turn: Turn) -> None:
        """Answer the last message of a chat, loading a model first if none is there; nothing while an answer is being made."""
        if self.is_answering:
            return
        self._notices.drop(turn.chat.id)
        try:
            turn.chat.settings.check()
        except UserError as error:
            self.refused.emit(turn, error)
            return
        other = self._model.other_than_loaded(turn.chat.settings)
        if self._engine.model is not None and other is not None:
            self._waiting = turn
            self.model_wanted.emit(other)
            return
        if self._engine.model is not None:
            self._waiting = None
            self._answers.ask(turn)
            return
        waiting = self._waiting
        if waiting is not None and waiting.chat.leaf_id == turn.before and waiting.draft:
            # Another message while the model loads: one answer to both, and both are taken back together.
            turn = replace(turn, before=waiting.before, draft=f"{waiting.draft}\n\n{turn.draft}")
        self._waiting = turn
        if self._engine.state not in (EngineState.STARTING, EngineState.LOADING):
            self._load_for_message()

    def go_on(self, open_chat: Conversation) -> bool:
        """A model is loaded: the question that waited for it is asked. Whether there was one.

        `open_chat` may be the question's, with a title that it got meanwhile; whether the model thinks is known only now.
        """
        waiting = self._waiting
        if waiting is None:
            return False
        chat = open_chat if waiting.chat.id == open_chat.id else waiting.chat
        self.ask(replace(waiting, chat=chat, thinks=self._model.thinks))
        return True

    def give_up(self) -> Conversation | None:
        """Another model is about to be loaded: the chat whose answer ends here, or whose question is not answered; None for none."""
        chat = self._answers.chat or (self._waiting.chat if self._waiting is not None else None)
        self._answers.give_up()
        self._waiting = None
        return chat

    def forget(self, chat_id: str) -> None:
        """The question of that chat, if it waits, is not there any more."""
        if self._waiting is not None and self._waiting.chat.id == chat_id:
            self._waiting = None

    def set_settings(self, chat_id: str, settings: ChatSettings) -> None:
        """The chat of that id wants its answer otherwise."""
        waiting = self._waiting
        if waiting is not None and waiting.chat.id == chat_id:
            self._waiting = replace(waiting, chat=replace(waiting.chat, settings=settings))

    @Slot()
    def load_again(self) -> None:
        """Open the model once more after a failure; an unanswered message is answered then."""
        target = self._model.target()
        if target is not None:
            self.model_wanted.emit(target)

    def _load_for_message(self) -> None:
        """A load that nobody clicked for: an engine that dies again and again is given a pause, and then not started any more."""
        try:
            pause_s = self._engine.restart_pause_s()
        except UserError as error:
            self._page.show_engine_error(error)
            return
        if not pause_s:
            self.load_again()
            return
        what = self.tr("The engine is started again in {n} s.").format(n=f"{pause_s:.0f}")
        steps = (NextStep(self.tr("Load again"), StepAction.LOAD_AGAIN),)
        waits = UserError("engine_restarts", what, self._engine.restart_reason(), steps)
        self._page.show_engine_error(waits, BannerKind.WARN)
        self._restart.start(round(1000 * pause_s))

    @Slot(object)
    def _on_interrupted(self, turn: Turn) -> None:
        self._waiting = turn

    @Slot(object)
    def _on_state_changed(self, state: EngineState) -> None:
        if state is EngineState.STARTING:
            self._restart.stop()
            self._page.clear_engine_error()

    @Slot()
    def _on_load_cancelled(self) -> None:
        self._waiting = None
