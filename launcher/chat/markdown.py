"""The Markdown dialect of answers: CommonMark without HTML and reference links, with tables, strikethrough and LaTeX.

Every rule that ends a block looks at complete lines only and never ahead for a closing mark. That is what makes
`chat/blocks.py` right: text that arrives later cannot change a block that has been left behind. It is why display
mathematics has its own rule here: those of mdit-py-plugins search the rest of the document for the closing mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.token import Token
from mdit_py_plugins.dollarmath.index import math_inline_dollar

# A hostile answer may nest thousands of lists and quotes. markdown-it drops what is deeper: see `is_cut_off`.
_MAX_NESTING = 40
_OPENERS: tuple[tuple[str, str], ...] = (("\\[", "\\]"), ("$$", "$$"))
_ENVIRONMENT = re.compile(r"\\begin\{([a-zA-Z]{1,20}\*?)\}")
# Only environments that are mathematics on their own; "\begin{itemize}" stays text.
_MATH_ENVIRONMENTS = frozenset(
    f"{name}{star}"
    for name in ("align", "alignat", "equation", "gather", "multline", "flalign", "eqnarray")
    for star in ("", "*")
) | {"aligned", "gathered", "split", "cases", "matrix", "pmatrix", "bmatrix", "vmatrix", "Vmatrix", "Bmatrix", "array"}
_TRAILING = re.compile(r"[\s.,;:!?。，；：]*\Z")
_BRACKETS = {"\\(": ("\\)", "math_inline"), "\\[": ("\\]", "math_inline_double")}
_MAX_INLINE_FORMULA_CHARS = 2000
# markdown-it looks for a link from every opening bracket, forty deep: seconds for a few kilobytes of "![". No answer has so many.
_MANY_BRACKETS = 200
_MAX_LINK_DEPTH = 4
_BRACKET = re.compile(r"\\.|[\[\]]", re.DOTALL)


@cache
def parser() -> MarkdownIt:
    """The shared parser. HTML is off: it stays visible as text."""
    md = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
    md.enable(["table", "strikethrough"])
    md.disable(["html_block", "html_inline", "reference"])
    # "image" stays on, so that the renderer can name the picture instead of loading it.
    ends_others = {"alt": ["paragraph", "blockquote", "list"]}
    md.block.ruler.before("fence", "math_block", _math_block, ends_others)  # pyright: ignore[reportArgumentType]
    dollars = math_inline_dollar(allow_space=False, allow_digits=False, allow_double=True)
    md.inline.ruler.at("link", _where_it_may_be(link))
    md.inline.ruler.at("image", _where_it_may_be(image))
    md.inline.ruler.before("escape", "math_brackets", _math_brackets)
    md.inline.ruler.before("escape", "math_dollars", dollars)
    return md


@cache
def block_parser() -> MarkdownIt:
    """The same dialect without the inline pass: block boundaries only, several times faster."""
    md = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
    md.enable(["table"])
    md.disable(["html_block", "reference"])
    ends_others = {"alt": ["paragraph", "blockquote", "list"]}
    md.block.ruler.before("fence", "math_block", _math_block, ends_others)  # pyright: ignore[reportArgumentType]
    md.core.ruler.enableOnly(["normalize", "block"])
    return md


def clean(source: str) -> str:
    r"""The text as the parser gets it: a carriage return is blank space, so that only "\n" ends a line."""
    return source.replace("\r", " ")


def parse(source: str) -> list[Token]:
    """All tokens of a text, inline tokens as children."""
    return parser().parse(clean(source))


def delimited(token: Token) -> str:
    """A formula of a sentence with its delimiters, as it was written."""
    closers = {"\\(": "\\)", "\\[": "\\]"}
    return f"{token.markup}{token.content}{closers.get(token.markup, token.markup)}"


def is_cut_off(tokens: list[Token]) -> bool:
    """Whether something was nested too deep, so that its content is missing: show the source instead."""
    return any(token.level >= _MAX_NESTING - 1 for token in tokens)


def _math_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""Display mathematics: `\[`, `$$` or `\begin{align}` at the start of a line, to the closing mark, a blank line or the end.

    Whether the closing mark came is in `token.meta["closed"]`; text without it is shown as it was written.
    """
    if state.is_code_block(start):
        return False
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    marks = _marks(first)
    if marks is None:
        return False
    opener, closer, keep = marks
    at = first.find(closer, len(opener))
    closed = at >= 0
    if closed and not _TRAILING.match(first, at + len(closer)):
        return False  # a sentence goes on after it: the inline rule takes it
    if silent:
        return True
    line = start
    lines = [first]
    while not closed and line + 1 < end and not state.isEmpty(line + 1) and state.sCount[line + 1] >= state.blkIndent:
        line += 1
        lines.append(state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]])
        closed = closer in lines[-1]
    text = "\n".join(lines)
    state.line = line + 1
    token = state.push("math_block", "math", 0)
    token.map = [start, state.line]
    token.markup = opener
    at = text.rfind(closer) if closed else len(text)
    inner = text[len(opener) : at]
    token.content = f"{opener}{inner}{closer}" if keep else inner.strip()
    token.info = text[at + len(closer) :].strip()
    token.meta = {"closed": closed, "source": text}
    return True


def _marks(line: str) -> tuple[str, str, bool] | None:
    """Opening mark, closing mark, and whether both belong to the formula."""
    for opener, closer in _OPENERS:
        if line.startswith(opener):
            return opener, closer, False
    environment = _ENVIRONMENT.match(line)
    if environment is None or environment[1] not in _MATH_ENVIRONMENTS:
        return None
    return environment[0], f"\\end{{{environment[1]}}}", True


def _where_it_may_be(rule: Callable[[StateInline, bool], bool]) -> Callable[[StateInline, bool], bool]:
    """The rule for a link or a picture, asked only at brackets that are closed and not nested deep, where there are very many."""

    def asked(state: StateInline, silent: bool) -> bool:
        at = state.pos + (state.src[state.pos] == "!")
        if state.src[at : at + 1] != "[" or not _may_be_link(state.src, at):
            return False
        return rule(state, silent)

    return asked


def _may_be_link(source: str, at: int) -> bool:
    closed = _closed_brackets(source)
    return closed is None or at in closed


@lru_cache(maxsize=4)
def _closed_brackets(source: str) -> frozenset[int] | None:
    """Where brackets open that are closed and stand in few others; None where there are not many: then every one is asked."""
    if source.count("[") < _MANY_BRACKETS:
        return None
    opened, closed = list[int](), set[int]()
    for match in _BRACKET.finditer(source):
        if match[0] == "[":
            opened.append(match.start())
        elif match[0] == "]" and opened:
            start = opened.pop()
            if len(opened) < _MAX_LINK_DEPTH:
                closed.add(start)
    return frozenset(closed)


def _math_brackets(state: StateInline, silent: bool) -> bool:
    r"""`\( \)` and `\[ \]` inside a sentence."""
    found = _BRACKETS.get(state.src[state.pos : state.pos + 2])
    if found is None:
        return False
    closer, kind = found
    begin = state.pos + 2
    at = state.src.find(closer, begin, min(state.posMax, begin + _MAX_INLINE_FORMULA_CHARS))
    if at < 0 or not state.src[begin:at].strip():
        return False
    if not silent:
        token = state.push(kind, "math", 0)
        token.content = state.src[begin:at].strip()
        token.markup = state.src[state.pos : begin]
    state.pos = at + 2
    return True
