"""Files given to the composer: read in another process, counted, shown as chips, and handed over with the message."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from launcher.chat.attachments import Attachment, with_attachments
from launcher.chat.context_room import answer_room
from launcher.chat.turns import estimated_tokens
from launcher.core.errors import UserError
from launcher.core.generation import ChatTurn, Loaded
from launcher.core.units import whole
from launcher.engine.protocol import TokensCounted
from launcher.services import file_child
from launcher.services.engine_service import EngineService
from launcher.services.tasks import CLOSE_PATIENCE_S, TaskRunner
from launcher.ui.chat import ChatPage
from launcher.ui.chat.attachment_chips import AttachmentChip
from launcher.ui.components import BannerKind

MOST_FILES = 20
_FRAME_TOKENS = 64  # marks around the message, and the question itself
_CUT_SPARE = 0.97  # tokens are not spread evenly over a text


@dataclass
class _Given:
    """A file on its way: being read while `attachment` is None. `tokens` are estimated until `is_exact`."""

    name: str
    attachment: Attachment | None = None
    tokens: int = 0
    is_exact: bool = False


class AttachmentsPresenter(QObject):
    """Keeps what goes with the next message."""

    def __init__(self, page: ChatPage, engine: EngineService, parent: QObject) -> None:
        super().__init__(parent)
        self._page, self._engine = page, engine
        self._tasks = TaskRunner("attachments", self, patience_s=CLOSE_PATIENCE_S)
        self._given: dict[int, _Given] = {}
        self._counting: dict[int, int] = {}
        self._next = 0
        composer = page.composer
        composer.files_given.connect(self.add)
        composer.attach_requested.connect(self._on_attach_requested)
        composer.chips.removed.connect(self._on_removed)
        composer.chips.cut_requested.connect(self._on_cut_requested)
        engine.tokens_counted.connect(self._on_tokens_counted)
        engine.loaded.connect(self._on_loaded)

    def close(self) -> None:
        """End the threads."""
        self._tasks.close()

    def take(self) -> tuple[Attachment, ...]:
        """What goes with the message that is sent now; there is nothing left then."""
        taken = tuple(g.attachment for g in self._given.values() if g.attachment is not None)
        self._given.clear()
        self._show()
        return taken

    def give_back(self, attachments: tuple[Attachment, ...]) -> None:
        """A message was not sent: its files are chips again."""
        for attachment in attachments:
            self._keep(self._new(attachment.name), attachment)

    @Slot(list)
    def add(self, paths: list[str]) -> None:
        """Read these files; their chips show how far they are."""
        for path in paths[: MOST_FILES - len(self._given)]:
            number = self._new(Path(path).name)
            self._tasks.run(
                partial(file_child.read_attachment, Path(path)),
                partial(self._keep, number),
                partial(self._on_failed, number),
            )
        if len(paths) > MOST_FILES or len(self._given) >= MOST_FILES:
            most = self.tr("At most {n} files go with one message.").format(n=MOST_FILES)
            self._page.show_file_result(UserError("attachments_many", most), BannerKind.WARN)
        self._show()

    def _new(self, name: str) -> int:
        self._next += 1
        self._given[self._next] = _Given(name)
        return self._next

    def _keep(self, number: int, attachment: Attachment) -> None:
        given = self._given.get(number)
        if given is None:
            return  # removed meanwhile
        text = with_attachments("", (attachment,))
        given.attachment, given.tokens, given.is_exact = attachment, estimated_tokens(text), False
        counting = self._engine.count_tokens((ChatTurn("user", text),), thinking=False)
        if counting is not None:
            self._counting[counting] = number
        self._show()

    def _on_failed(self, number: int, error: UserError) -> None:
        self._given.pop(number, None)
        self._show()
        self._page.show_file_result(error, BannerKind.WARN)

    @Slot(object)
    def _on_tokens_counted(self, event: TokensCounted) -> None:
        given = self._given.get(self._counting.pop(event.id, 0))
        if given is not None:
            given.tokens, given.is_exact = sum(event.turn_tokens), True
            self._show()

    @Slot(object)
    def _on_loaded(self, loaded: Loaded) -> None:
        """Another model counts otherwise, and has another context."""
        del loaded
        self._counting.clear()
        for number, given in list(self._given.items()):
            if given.attachment is not None:
                self._keep(number, given.attachment)

    @Slot(int)
    def _on_removed(self, number: int) -> None:
        self._given.pop(number, None)
        self._show()

    @Slot(int)
    def _on_cut_requested(self, number: int) -> None:
        """Keep the beginning, as much as there is room for."""
        given, room = self._given.get(number), self._room()
        if given is None or given.attachment is None or room is None:
            return
        others = sum(g.tokens for n, g in self._given.items() if n != number)
        attachment = given.attachment
        share = max(0.0, (room - others - _FRAME_TOKENS) / max(1, given.tokens)) * _CUT_SPARE
        n_chars = int(len(attachment.text) * share)
        if n_chars <= 0:
            self._on_removed(number)
            return
        n_cut = attachment.cut_chars + len(attachment.text) - n_chars
        self._keep(number, replace(attachment, text=attachment.text[:n_chars], cut_chars=n_cut))

    def _room(self) -> int | None:
        """Tokens that a message may have; None while no model is loaded."""
        loaded = self._engine.model
        return None if loaded is None else loaded.n_ctx - answer_room(loaded.n_ctx, thinks=False)

    def _show(self) -> None:
        room = self._room()
        total = sum(g.tokens for g in self._given.values())
        is_over = room is not None and total + _FRAME_TOKENS > room
        chips = [self._chip(n, g, room if is_over else None) for n, g in self._given.items()]
        reason = ""
        if any(g.attachment is None for g in self._given.values()):
            reason = self.tr("The files are still being read.")
        elif is_over:
            reason = self.tr("The files take {tokens} tokens; {room} have room in the context.").format(
                tokens=whole(total), room=whole(room or 0)
            )
        self._page.composer.set_attachments(chips, reason)

    def _chip(self, number: int, given: _Given, room: int | None) -> AttachmentChip:
        attachment = given.attachment
        if attachment is None:
            return AttachmentChip(number, self.tr("{name} · reading…").format(name=given.name))
        words = self.tr("{name} · {count} tokens") if given.is_exact else self.tr("{name} · about {count} tokens")
        name = attachment.name if len(attachment.name) <= 40 else f"{attachment.name[:24]}…{attachment.name[-14:]}"
        about = [self.tr("{count} characters").format(count=whole(len(attachment.text)))]
        if attachment.cut_chars:
            about.append(
                self.tr("{count} characters at the end are left out").format(count=whole(attachment.cut_chars))
            )
        if attachment.pages > attachment.pages_read:
            read, pages = whole(attachment.pages_read), whole(attachment.pages)
            about.append(self.tr("the first {read} of {pages} pages").format(read=read, pages=pages))
        shown = words.format(name=name, count=whole(given.tokens))
        if attachment.cut_chars or attachment.pages > attachment.pages_read:
            shown += " · " + self.tr("beginning only")
        cut = self.tr("Cut to fit") if room is not None else ""
        return AttachmentChip(number, shown, room is not None, cut, " · ".join(about))

    @Slot()
    def _on_attach_requested(self) -> None:
        dialog = QFileDialog(self._page, self.tr("Attach files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self.add)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
