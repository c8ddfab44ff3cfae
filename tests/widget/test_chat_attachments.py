"""Files in the composer: dropped or pasted, read in another process, counted, cut, sent and given back."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, QUrl
from PySide6.QtWidgets import QAbstractButton, QPlainTextEdit
from pytestqt.qtbot import QtBot

from launcher.app.attachments_presenter import AttachmentsPresenter
from launcher.chat.attachments import Attachment, with_attachments
from launcher.chat.turns import estimated_tokens
from launcher.services.engine_service import EngineService
from launcher.ui.chat import ChatPage
from launcher.ui.chat.attachment_chips import AttachmentChip
from launcher.ui.components import Banner, Chip
from launcher.ui.theme import ThemeManager

PATIENCE_MS = 60_000
TEXT = "a,b\n" * 500
TOKENS = estimated_tokens(with_attachments("", (Attachment("data.csv", TEXT),)))


def _chips(page: ChatPage) -> list[str]:
    return [c.text() for c in page.composer.chips.findChildren(Chip) if c.isVisible()]


def _send(page: ChatPage) -> QAbstractButton:
    return next(b for b in page.composer.findChildren(QAbstractButton) if b.text() == "Send")


def test_pasted_files_become_chips_and_go_with_the_message(qtbot: QtBot, theme: ThemeManager, tmp_path: Path) -> None:
    page = ChatPage()
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    engine = EngineService(page)
    presenter = AttachmentsPresenter(page, engine, page)
    (tmp_path / "data.csv").write_text(TEXT, "utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\x00\x00")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / n)) for n in ("data.csv", "picture.png")])
    page.composer.findChild(QPlainTextEdit).insertFromMimeData(data)
    assert not _send(page).isEnabled(), "while a file is read nothing can be sent"
    assert page.composer.text == ""
    qtbot.waitUntil(lambda: _chips(page) == [f"data.csv · about {TOKENS} tokens"], timeout=PATIENCE_MS)
    said = [" ".join(b.texts) for b in page.findChildren(Banner) if b.isVisible()]
    assert any("picture.png is not text." in s for s in said)
    assert _send(page).isEnabled()
    with qtbot.waitSignal(page.message_sent) as sent:
        _send(page).click()
    assert sent.args == [""]
    taken = presenter.take()
    assert [(a.name, a.text) for a in taken] == [("data.csv", TEXT)]
    assert _chips(page) == []
    assert not _send(page).isEnabled()
    presenter.give_back(taken)
    assert _chips(page) == [f"data.csv · about {TOKENS} tokens"]
    presenter._room = lambda: 300  # type: ignore[method-assign]
    presenter._show()
    assert not _send(page).isEnabled()
    assert str(TOKENS) in _send(page).toolTip()
    next(b for b in page.composer.findChildren(QAbstractButton) if b.text() == "Cut to fit").click()
    (cut,) = presenter.take()
    assert cut.text == TEXT[: len(cut.text)]
    assert cut.cut_chars == 2000 - len(cut.text)
    assert 200 < len(cut.text) < 1000
    presenter.close()
    engine.close()
    page.shut_down()


def test_chips_that_need_two_lines_have_two(qtbot: QtBot, theme: ThemeManager) -> None:
    page = ChatPage()
    qtbot.addWidget(page)
    page.resize(700, 600)
    page.show()
    composer, field = page.composer, page.composer.findChild(QPlainTextEdit)
    one = AttachmentChip(1, "a name of a file that is really not short at all.pdf · about 2,140 tokens")
    composer.set_attachments([one], "")
    qtbot.waitUntil(lambda: field.y() > composer.chips.y() > 0)
    lower, height = field.y(), field.height()
    composer.set_attachments(
        [
            one,
            AttachmentChip(
                2, "another name of a file, as long as the one before.csv · about 61,000 tokens", True, "Cut to 3,900"
            ),
        ],
        "too much",
    )
    qtbot.waitUntil(lambda: field.y() > lower)
    shown = [c for c in composer.chips.findChildren(Chip) if c.isVisible()]
    bottoms = [c.mapTo(composer, QPoint(0, c.height())).y() for c in shown]
    assert bottoms[0] < bottoms[1] <= field.y()
    assert field.height() == height
    page.shut_down()
