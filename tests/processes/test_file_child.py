"""Files are read by a process of its own: what it found, and its refusals in this language."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.chat.attachments import AttachmentKind
from launcher.core import words
from launcher.core.errors import UserError
from launcher.services import file_child
from tests.unit.test_chat_attachments import pdf_of


def test_a_pdf_page_by_page(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf_of("Coin tosses", "Six on average"))
    found = file_child.read_attachment(tmp_path / "a.pdf")
    assert (found.text, found.kind, found.pages, found.pages_read) == (
        "Coin tosses\n\nSix on average",
        AttachmentKind.PDF,
        2,
        2,
    )


def test_a_refusal_of_the_other_process_is_said_in_this_language(tmp_path: Path) -> None:
    (tmp_path / "a {b}.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00" * 9)
    (tmp_path / "cut.pdf").write_bytes(pdf_of("Coin")[:120])
    known = {"{name} is not text.": "{name} 不是文本。", "{name} cannot be read.": "{name} 无法读取。"}
    words.set_translation(lambda template: known.get(template, template))
    try:
        for name, what in (("a {b}.png", "a {b}.png 不是文本。"), ("cut.pdf", "cut.pdf 无法读取。")):
            with pytest.raises(UserError) as caught:
                file_child.read_attachment(tmp_path / name)
            assert caught.value.what == what
        (tmp_path / "chats.json").write_text('[{"say": "{name} is not text.", "with": {"name": "x"}}]')
        with pytest.raises(UserError) as caught:
            file_child.read_chats(tmp_path / "chats.json")
        assert caught.value.what == "chats.json holds no chats that can be read."
    finally:
        words.set_translation(None)
