"""What is done with the messages of the open chat: versions, edits, forks, deletions with undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from launcher.chat.branches import branch_ids, forked, newest_leaf, without
from launcher.chat.conversation import Conversation, Maker
from launcher.core.units import whole
from launcher.services.chat_service import ChatService
from launcher.ui.chat import ChatPage
from launcher.ui.chat.message_actions import MessageAction, MessageIntent


class MessagePresenter(QObject):
    """Changes the tree of the open chat and writes the change; nothing is asked of the model here.

    Signals:
        changed(Conversation): the open chat has another value.
        forked(Conversation): a new chat, already written, that is to be opened.
        continue_wanted(str): go on with the answer of that id.
    """

    changed = Signal(object)
    forked = Signal(object)
    continue_wanted = Signal(str)

    def __init__(
        self,
        page: ChatPage,
        store: ChatService,
        chat: Callable[[], Conversation],
        is_busy: Callable[[], bool],
        parent: QObject,
    ) -> None:
        """Connect the page.

        Args:
            page: where messages are shown.
            store: where they are kept.
            chat: the open one.
            is_busy: whether an answer is being made, so that the tree must not change.
            parent: as for any object.
        """
        super().__init__(parent)
        self._page = page
        self._store = store
        self._make = Maker()
        self._chat = chat
        self._is_busy = is_busy
        self._before: tuple[Conversation, tuple[str, ...]] | None = None
        page.message_intended.connect(self._on_intended)
        page.undo_requested.connect(self._on_undo_requested)

    @Slot(object)
    def _on_intended(self, intent: MessageIntent) -> None:
        chat = self._chat()
        if chat.message(intent.message_id) is None:
            return
        if intent.action is MessageAction.FORK:
            fork = forked(chat, intent.message_id, self._make)
            self._store.create(fork)
            self.forked.emit(fork)
        elif self._is_busy():
            return
        elif intent.action is MessageAction.SHOW:
            self._switch(chat, intent.message_id)
        elif intent.action is MessageAction.CONTINUE:
            self.continue_wanted.emit(intent.message_id)
        elif intent.action is MessageAction.EDIT:
            self._edit(chat, intent.message_id, intent.text)
        else:
            self._delete(chat, intent.message_id)

    def _switch(self, chat: Conversation, message_id: str) -> None:
        shown = chat.with_leaf(newest_leaf(chat, message_id))
        self._store.set_leaf(chat.id, shown.leaf_id)
        self.changed.emit(shown)

    def _edit(self, chat: Conversation, message_id: str, text: str) -> None:
        old = chat.message(message_id)
        if old is None:
            return
        new = self._make.edited_answer(old, text)
        self._store.save_message(chat.id, new)
        self.changed.emit(chat.with_message(new).with_leaf(new.id))

    def _delete(self, chat: Conversation, message_id: str) -> None:
        ids = branch_ids(chat, message_id)
        rest = without(chat, message_id)
        self._before = (chat, ids)
        self._store.hide_messages(chat.id, ids, rest.leaf_id)
        self.changed.emit(rest)
        self._page.offer_undo(
            self.tr("Deleted 1 message")
            if len(ids) == 1
            else self.tr("Deleted {count} messages").format(count=whole(len(ids)))
        )

    @Slot()
    def _on_undo_requested(self) -> None:
        if self._before is None:
            return
        before, ids = self._before
        self._before = None
        chat = self._chat()
        self._store.show_messages(before.id, ids, before.leaf_id)
        if chat.id != before.id or self._is_busy():
            return
        # What was written since stays, as another branch.
        known = {m.id for m in before.messages}
        since = tuple(m for m in chat.messages if m.id not in known)
        now = replace(chat, messages=before.messages + since, leaf_id=before.leaf_id)
        self.changed.emit(now)
