"""What answers look like as documents: blocks, formulas, colours, copying, hostile text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from launcher.ui.chat.answer_body import AnswerBody
from launcher.ui.chat.code_block import CodeBlock
from launcher.ui.chat.prose import QUOTE_BAR_PX, Prose
from launcher.ui.chat.typesetter import Typesetter
from launcher.ui.theme import LIGHT, ThemeManager
from tests.widget.document_lines import text_between


@pytest.fixture
def typesetter(qtbot: QtBot, theme: ThemeManager) -> Iterator[Typesetter]:
    owner = QWidget()
    qtbot.addWidget(owner)
    made = Typesetter(owner)
    yield made
    made.close()


@pytest.fixture
def body(qtbot: QtBot, typesetter: Typesetter) -> Iterator[AnswerBody]:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(640, 600)
    answer = AnswerBody(typesetter, widget)
    answer.resize(640, 600)
    widget.show()
    yield answer
    widget.close()


def _text(prose: Prose) -> str:
    return text_between(prose.document(), 0, prose.document().characterCount() - 1)


def _segments(body: AnswerBody) -> list[str]:
    """Texts and listings from top to bottom."""
    found: list[tuple[int, str]] = []
    for child in body.findChildren(QWidget):
        if isinstance(child, (Prose, CodeBlock)) and child.isVisible():
            y = child.mapTo(body, child.rect().topLeft()).y()
            found.append((y, _text(child) if isinstance(child, Prose) else f"<{child.code}>"))
    return [text for _, text in sorted(found)]


def test_blocks_become_text_and_listings(body: AnswerBody) -> None:
    body.set_text("# Head\nSome *em* and `code`\\\nnext\n\n```py\na\n```\n\nafter", is_final=True)
    body.arrange(640)
    assert _segments(body) == ["Head\nSome em and code\nnext", "<a>", "after"]


def test_lists_keep_their_numbers_around_a_listing(body: AnswerBody) -> None:
    body.set_text("3. one\n   ```\n   x\n   ```\n4. two\n   - deep\n\n   more", is_final=True)
    body.arrange(640)
    assert _segments(body) == ["3. one", "<x>", "4. two\n\u2022 deep\nmore".replace("\u2022", _bullet(body))]


def _bullet(body: AnswerBody) -> str:
    prose = next(p for p in body.findChildren(Prose) if "deep" in _text(p))
    line = next(line for line in _text(prose).splitlines() if "deep" in line)
    return line.split(" ")[0]


def test_a_table_is_copied_with_tabs(body: AnswerBody) -> None:
    body.set_text("| a | b |\n|---|--:|\n| 1 | *2* |\n\nend", is_final=True)
    body.arrange(640)
    assert _segments(body) == ["a\tb\n1\t2\nend"]


def test_formulas_are_drawn_and_copied_as_latex(body: AnswerBody, typesetter: Typesetter, qtbot: QtBot) -> None:
    with qtbot.waitSignals([typesetter.formula_set] * 2, timeout=60_000):
        body.set_text("So $E_0 = 6$ and\n\\[ \\frac{1}{2} \\]\ndone 😀 $E_0 = 6$!", is_final=True)
        height = body.arrange(640)
    body.resize(640, height)
    assert _segments(body) == ["So $E_0 = 6$ and\n\\[ \\frac{1}{2} \\]\ndone 😀 $E_0 = 6$!"]
    image = body.grab().toImage()
    dark = sum(image.pixelColor(x, y).lightness() < 100 for x in range(250, 400) for y in range(28, 70))
    assert dark > 20  # the fraction in the middle


def test_a_formula_that_cannot_be_set_is_shown_as_it_was_written(
    body: AnswerBody, typesetter: Typesetter, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(typesetter.formula_set, timeout=60_000):
        body.set_text("a $\\unknowncommand x$ b and $\\ce{H2O}$", is_final=True)
        body.arrange(640)
    assert _segments(body) == ["a $\\unknowncommand x$ b and $\\ce{H2O}$"]
    assert "\ufffc" not in body.findChildren(Prose)[0].toPlainText()


def test_code_is_coloured_in_the_theme(body: AnswerBody, typesetter: Typesetter, qtbot: QtBot) -> None:
    with qtbot.waitSignal(typesetter.code_coloured, timeout=60_000):
        body.set_text('```python\nimport os\n"😀" # c\nimport re\n```\n', is_final=True)
        body.resize(640, body.arrange(640))
    view = body.findChildren(CodeBlock)[0].views[0][1]
    kinds = []
    block = view.document().begin()
    while block.isValid():
        text = block.text().encode("utf-16-le")
        for piece in block.layout().formats():
            word = text[2 * piece.start : 2 * (piece.start + piece.length)].decode("utf-16-le")
            kinds.append((word, piece.format.foreground().color().name().upper()))
        block = block.next()
    assert ("import", LIGHT.code_keyword) in kinds
    assert ("# c", LIGHT.code_comment) in kinds
    assert kinds.count(("import", LIGHT.code_keyword)) == 2


def test_code_never_wraps_and_scrolls_sideways(body: AnswerBody) -> None:
    body.set_text("```\n" + "x" * 3000 + "\n```\n", is_final=True)
    body.resize(640, body.arrange(640))
    view = body.findChildren(CodeBlock)[0].views[0][1]
    assert view.document().begin().layout().lineCount() == 1
    assert view.horizontalScrollBar().maximum() > 5000


def test_streaming_ends_with_the_same_document(body: AnswerBody, qtbot: QtBot) -> None:
    source = "# T\n\npara *one*\n\n- a\n- b\n\n```py\nx = 1\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quote\n\nend"
    body.set_text(source, is_final=True)
    height = body.arrange(640)
    whole = _segments(body)
    for step in (1, 7):
        body.set_text("", is_final=False)
        for i in range(0, len(source), step):
            body.append(source[i : i + step])
            body.arrange(640)
        body.finish()
        assert body.arrange(640) == height
        assert _segments(body) == whole


def test_the_bar_of_a_quote_stands_beside_its_words(body: AnswerBody) -> None:
    """The words between it are as high as it, above and below."""
    body.set_text("> Words of two lines\\\n> with long letters: gjpqy", is_final=True)
    body.resize(640, body.arrange(640))
    image = body.grab().toImage()

    def rows(left: int, right: int) -> list[int]:
        ground = image.pixel(right, image.height() - 1)
        return [y for y in range(image.height()) if any(image.pixel(x, y) != ground for x in range(left, right))]

    bar, words = rows(0, QUOTE_BAR_PX), rows(12, 400)
    assert 0 <= words[0] - bar[0] <= 6
    assert 0 <= bar[-1] - words[-1] <= 6


def test_a_growing_listing_is_continued_not_rewritten(body: AnswerBody) -> None:
    body.set_text("```py\n", is_final=False)
    body.append("a = 1\n")
    body.arrange(640)
    first = body.findChildren(CodeBlock)[0]
    body.append("b = 2\n")
    assert [c for c in body.findChildren(CodeBlock) if not c.isHidden()] == [first]
    assert first.code == "a = 1\nb = 2"


def test_nothing_is_loaded_from_anywhere(body: AnswerBody, tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    picture.write_bytes(b"x")
    body.set_text(f"![here]({picture}) ![r](http://127.0.0.1:9/x.png) <img src='{picture}'>", is_final=True)
    body.arrange(640)
    prose = body.findChildren(Prose)[0]
    assert _text(prose) == f"[here] [r] <img src='{picture}'>"
    kind = QTextDocument.ResourceType.ImageResource.value
    assert prose.loadResource(kind, QUrl(picture.as_uri())).isNull()
    assert prose.loadResource(QTextDocument.ResourceType.StyleSheetResource.value, QUrl("http://127.0.0.1:9/")) is None


def test_a_link_is_announced_not_followed(body: AnswerBody, qtbot: QtBot) -> None:
    body.set_text("[here](https://example.com/?a=1&b=2)", is_final=True)
    body.arrange(640)
    prose = body.findChildren(Prose)[0]
    cursor = QTextCursor(prose.document())
    cursor.setPosition(2)
    assert cursor.charFormat().anchorHref() == "https://example.com/?a=1&b=2"
    with qtbot.waitSignal(body.link_activated) as link:
        prose.anchorClicked.emit(QUrl("https://example.com/"))
    assert link.args == ["https://example.com/"]


def test_marks_that_reorder_text_are_visible(body: AnswerBody) -> None:
    body.set_text("see \u202etxt.exe\u202c", is_final=True)
    body.arrange(640)
    assert _segments(body) == ["see \u2039U+202E\u203atxt.exe\u2039U+202C\u203a"]


_HOSTILE = [
    ">" * 10_000,
    "- " * 3_000 + "x",
    "1. " * 500 + "$" * 500,
    "a" * 200_000,
    "<script>alert(1)</script>\n\n<style>*{}</style>",
    "|" * 5_000 + "\n" + "|-" * 2_000,
    "$" + "{" * 5_000 + "$",
    "\\[" + "\\frac{" * 400,
    "[x](javascript:alert(1)) [y](file:///etc/passwd)",
    "\x00\x01\x02\ud83d\u2028\u2029\ufffc",
    "```" + "x" * 10_000,
]


@pytest.mark.parametrize("source", _HOSTILE, ids=range(len(_HOSTILE)))
def test_hostile_text_is_harmless(body: AnswerBody, source: str) -> None:
    body.set_text(source, is_final=False)
    body.append("\n\n" + source)
    body.finish()
    assert body.arrange(640) > 0
    body.grab()


_PIECES = st.sampled_from(
    ["a ", "**b**", "*", "`", "\n", "\n\n", "# ", "- ", "1. ", "> ", "```\n", "|a|b|\n|-|-|\n|1|2|\n", "$x$", "\\(y\\)", "$$\nz\n$$\n",
     "---\n", "[l](u)", "![i](u)", "  ", "~~s~~", "\\", "😀", "汉字", "<b>", "\u202e"]
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(_PIECES, max_size=25))
def test_any_text_streams_to_what_it_is_at_once(body: AnswerBody, pieces: list[str]) -> None:
    body.set_text("".join(pieces), is_final=True)
    height = body.arrange(640)
    whole = _segments(body)
    body.set_text("", is_final=False)
    for piece in pieces:
        body.append(piece)
        body.arrange(640)
    body.finish()
    assert body.arrange(640) == height
    assert _segments(body) == whole
