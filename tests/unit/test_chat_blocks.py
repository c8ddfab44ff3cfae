"""The block splitter: what holds for any text, however it is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_inline import StateInline

from launcher.chat import blocks
from launcher.chat.blocks import BlockSplitter, fence_of, split
from launcher.chat.markdown import parse
from tests.depth import part

# Pieces that meet at every rule of the dialect; random text alone would rarely form a block.
_PIECES = st.sampled_from(
    [
        "a", "b c", " ", "  ", "    ", "\n", "\n\n", "# ", "## t\n", "- ", "* x\n", "1. ", "2) y\n", "> ", ">", "```", "```py\n", "~~~\n",
        "|", "a|b\n-|-\n", "1|2\n", "---\n", "===\n", "***", "$$", "$$\n", "$x$", r"\[", "\\]\n", r"\(", r"\)", r"\begin{align}", r"\end{align}",
        "\\begin{pmatrix}\n", "\t", "\r\n", "\r", "[a]: /u\n", "<div>\n", "![i](u)", "`c`", "\x00", "é", "汉字", ".", "\u2028",
    ]
)  # fmt: skip
_TEXTS = st.lists(st.one_of(_PIECES, st.text(max_size=4)), max_size=40)


@settings(max_examples=part(400), deadline=None)
@given(pieces=_TEXTS)
def test_sources_are_the_input_and_only_the_last_block_is_open(pieces: list[str]) -> None:
    splitter = BlockSplitter()
    fed = ""
    for piece in pieces:
        before = list(splitter.closed)
        splitter.feed(piece)
        fed += piece
        found = splitter.blocks
        assert "".join(b.source for b in found) == fed
        assert not any(b.is_open for b in found[:-1])
        assert splitter.closed[: len(before)] == before
    splitter.finish()
    assert "".join(b.source for b in splitter.blocks) == fed
    assert not any(b.is_open for b in splitter.blocks)


@settings(max_examples=part(400), deadline=None)
@given(pieces=_TEXTS)
def test_pieces_give_the_same_blocks_as_the_whole_text(pieces: list[str]) -> None:
    splitter = BlockSplitter()
    for piece in pieces:
        splitter.feed(piece)
    splitter.finish()
    assert tuple(splitter.closed) == split("".join(pieces))


@pytest.fixture
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random text is short; so that it meets the rule for endless blocks, they end after 12 characters."""
    monkeypatch.setattr(blocks, "MAX_BLOCK_CHARS", 12)


@settings(max_examples=part(600), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=_TEXTS)
def test_endless_blocks_are_cut_in_the_same_places_however_the_text_comes(
    short_blocks: None, pieces: list[str]
) -> None:
    splitter = BlockSplitter()
    fed = ""
    for piece in pieces:
        splitter.feed(piece)
        fed += piece
        assert "".join(b.source for b in splitter.blocks) == fed
        open_block = splitter.open_block
        assert open_block is None or fence_of(open_block.source) or len(open_block.source) < 2 * 12
    splitter.finish()
    assert tuple(splitter.closed) == split(fed)


@settings(max_examples=part(200), deadline=None)
@given(pieces=_TEXTS)
def test_parsing_never_raises(pieces: list[str]) -> None:
    text = "".join(pieces)
    parse(text)
    for block in split(text):
        fence_of(block.source)


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("one\n\ntwo\n", ["one\n\n", "two\n"]),
        ("- a\n\n- b\n\ntext", ["- a\n\n", "- b\n\n", "text"]),
        ("Then:\n\\[\nx\n\\]\nand", ["Then:\n", "\\[\nx\n\\]\n", "and"]),
        ("$$\nx\n$$\n# T\n", ["$$\nx\n$$\n", "# T\n"]),
        ("```py\na\n\n# b\n```\nx", ["```py\na\n\n# b\n```\n", "x"]),
        ("\\begin{align}\na\n\\end{align}\nx", ["\\begin{align}\na\n\\end{align}\n", "x"]),
        ("t\na|b\n-|-\n1|2\n\nx", ["t\n", "a|b\n-|-\n1|2\n\n", "x"]),
    ],
)
def test_blocks(text: str, sources: list[str]) -> None:
    assert [b.source for b in split(text)] == sources


def test_items_are_blocks_and_count_on() -> None:
    found = split("7. a\n7. b\n   - deep\n\n   more\n1. c\n\ntext\n\n2) d\n- e\n")
    assert [(b.source, b.number) for b in found] == [
        ("7. a\n", 7),
        ("7. b\n   - deep\n\n   more\n", 8),
        ("1. c\n\n", 9),
        ("text\n\n", None),
        ("2) d\n", 2),
        ("- e\n", None),
    ]


def test_nothing_but_a_listing_is_long() -> None:
    listing = "```\n" + "code\n" * 5000 + "```\n"
    found = split("word " * 10_000 + "\n\n" + listing + "\n" + "line\n" * 5000)
    assert [len(b.source) for b in found if len(b.source) > 2 * blocks.MAX_BLOCK_CHARS] == [len(listing)]


def test_a_growing_line_closes_nothing() -> None:
    splitter = BlockSplitter()
    splitter.feed("para\n#")
    assert splitter.open_source == "para\n#"
    splitter.feed("1 is first\n")
    splitter.finish()
    assert [b.source for b in splitter.closed] == ["para\n#1 is first\n"]


@pytest.mark.parametrize(
    ("source", "language", "code", "is_closed"),
    [
        ("```python\nx = 1\n```\n", "python", "x = 1", True),
        ("```\na\n\n", "", "a", False),
        ("```c++ title\nint x;\n``", "c++", "int x;", False),
        ("~~~~\n```\n~~~~", "", "```", True),
        ("  ```\n  a\n    b\n  ```", "", "a\n  b", True),
        ("```python", "python", "", False),
    ],
)
def test_a_fence_is_taken_apart(source: str, language: str, code: str, is_closed: bool) -> None:
    fence = fence_of(source)
    assert fence is not None
    assert (fence.language, fence.code, fence.is_closed) == (language, code, is_closed)


@pytest.mark.parametrize("source", ["text\n```\n", "``` a`b\n", "    ```\n", "- ```\n"])
def test_other_blocks_are_no_fence(source: str) -> None:
    assert fence_of(source) is None


def test_fences_agree_with_the_parser() -> None:
    for source in ("```py\na\n\n b\n```\n", "~~~\nx\n", "  ```\n  a\n ```\n", "```\n\n\n```"):
        fence = fence_of(source)
        assert fence is not None
        assert parse(source)[0].content.rstrip("\n") == fence.code.rstrip("\n")


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        (r"so \(x^2\) is", [("math_inline", "x^2")]),
        (r"so \[x\] is", [("math_inline_double", "x")]),
        ("so $E_0$ and $E_1 = 2$.", [("math_inline", "E_0"), ("math_inline", "E_1 = 2")]),
        ("It costs $5 and $10.", []),
        (r"`\(x\)` and \( \)", []),
        ("inline $$a$$ too", [("math_inline_double", "a")]),
    ],
)
def test_formulas_in_a_sentence(text: str, formulas: list[tuple[str, str]]) -> None:
    children = [c for t in parse(text) for c in t.children or []]
    assert [(c.type, c.content) for c in children if c.type.startswith("math")] == formulas


def test_display_formulas_and_lost_closing_marks() -> None:
    tokens = parse("\\[\nx\n\\],\n\n$$ y $$\n\n\\begin{align*}\na\n\\end{align*}\n\n$$\nlost\n\nnext")
    math = [t for t in tokens if t.type == "math_block"]
    assert [(t.content, t.info, t.meta["closed"]) for t in math] == [
        ("x", ",", True),
        ("y", "", True),
        ("\\begin{align*}\na\n\\end{align*}", "", True),
        ("lost", "", False),
    ]
    assert math[3].meta["source"] == "$$\nlost"
    assert tokens[-2].content == "next"


def test_hostile_text_is_cheap_and_harmless() -> None:
    for text in (">" * 10_000, "- " * 5_000, "[" * 10_000, "*" * 20_000, "a" * 1_000_000, "<script>alert(1)</script>"):
        tokens = parse(text)
        assert not any(t.type.startswith("html") for t in tokens)
        assert "".join(b.source for b in split(text)) == text


def test_very_many_links_are_links_all_the_same() -> None:
    text = r"[a \[ b](https://x.org) ![c](d) [no] " * 150
    children = parse(text)[1].children or []
    assert [t.type for t in children if t.type in ("link_open", "image")] == ["link_open", "image"] * 150


@pytest.mark.parametrize("text", ["![" * 3000, "[" * 3000 + "]" * 3000, "![" * 3000 + "](u)", "[[[a](b)](c)](d)" * 400])
def test_brackets_without_end_are_read_a_few_times_only(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    n_skipped = 0
    skip = ParserInline.skipToken

    def counted(self: ParserInline, state: StateInline) -> None:
        nonlocal n_skipped
        n_skipped += 1
        skip(self, state)

    monkeypatch.setattr(ParserInline, "skipToken", counted)
    parse(text)
    assert n_skipped < 12 * len(text)
