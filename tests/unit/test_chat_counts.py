"""One of a thing is not said as many."""

from __future__ import annotations

import re

import pytest

from launcher.chat.counts import characters_in_words, tokens_in_words
from launcher.chat.imports import LeftOut, Source
from launcher.services.chat_files import Exported, ImportReport

_MANY = re.compile(r"\b1 (chats|messages|pictures|calls|hidden instructions|attached files|were)\b")


@pytest.mark.parametrize("n", [1, 2, 1234])
def test_reports_agree_with_their_numbers(n: int) -> None:
    left_out = tuple((kind, n) for kind in LeftOut)
    report = ImportReport((Source.CHATGPT,), n, n, n, left_out)
    words = f"{report.words()} {report.left_out_words()} {Exported('/x', n, n).words()}"
    assert not _MANY.search(words)
    assert ("1 chat with 1 message." in words) is (n == 1)
    assert ("1,234 chats with 1,234 messages." in words) is (n == 1234)


def test_one_token_and_one_character_are_one() -> None:
    assert [tokens_in_words(n) for n in (0, 1, 2_000)] == ["0 tokens", "1 token", "2,000 tokens"]
    assert [characters_in_words(n) for n in (0, 1, 2_000)] == ["0 characters", "1 character", "2,000 characters"]
