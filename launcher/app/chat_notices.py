"""What is said at the end of a chat: why nothing was sent, what broke off, that the context is full."""

from __future__ import annotations

from launcher.app.context_presenter import ContextPresenter
from launcher.chat.conversation import Conversation
from launcher.core.errors import UserError
from launcher.ui.chat import ChatPage
from launcher.ui.components import BannerKind


class ChatNotices:
    """The last thing that happened in each chat, shown while that chat is open."""

    def __init__(self, page: ChatPage, context: ContextPresenter) -> None:
        self._page = page
        self._context = context
        self._notices: dict[str, tuple[UserError, BannerKind]] = {}

    def keep(self, chat_id: str, notice: UserError, kind: BannerKind) -> None:
        """Something happened; `show` shows it."""
        self._notices[chat_id] = (notice, kind)

    def drop(self, chat_id: str) -> None:
        """What happened in a chat is over; nothing is said at the end of the open one."""
        self._notices.pop(chat_id, None)
        self._page.clear_engine_error()

    def forget(self) -> None:
        """Another engine, or another context: what happened with the one before is not told any more."""
        self._notices.clear()

    def show(self, chat: Conversation, *, is_answering: bool) -> None:
        """Say what happened last in the open chat, or that its answer ended with the context."""
        notice = self._notices.get(chat.id)
        if notice is not None:
            self._page.show_engine_error(*notice)
            return
        ended = self._context.end_of_context(chat)
        if ended is not None and not is_answering:
            self._page.show_engine_error(ended, BannerKind.WARN)
