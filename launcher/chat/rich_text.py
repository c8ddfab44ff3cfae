"""Markdown as a clipboard wants it: HTML for word processors and mail, and plain words.

The HTML is made from tokens of our own dialect, so that no text of a model becomes markup; it names pictures instead of loading them
and links only to what a browser may open.
"""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

from markdown_it.token import Token

from launcher.chat.markdown import delimited, is_cut_off, parse

_OPENABLE = ("http", "https", "mailto")
_BLOCKS = {
    "paragraph": "p", "bullet_list": "ul", "ordered_list": "ol", "list_item": "li", "blockquote": "blockquote",
    "thead": "thead", "tbody": "tbody", "tr": "tr", "th": "th", "td": "td", "strong": "b", "em": "i", "s": "s",
}  # fmt: skip


def can_open(address: str) -> bool:
    """Only web and mail addresses; never files, scripts or the protocols of other programs."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme.lower() in _OPENABLE and bool(parts.netloc or parts.scheme.lower() == "mailto")


def to_html(markdown: str) -> str:
    """As HTML; formulas as their LaTeX."""
    tokens = parse(markdown)
    if is_cut_off(tokens):
        return f"<pre>{escape(markdown)}</pre>"
    return "".join(_html(tokens))


def _html(tokens: list[Token]) -> list[str]:
    pieces: list[str] = []
    for token in tokens:
        if token.hidden:
            continue
        if token.type == "inline":
            pieces += _html(token.children or [])
        elif token.nesting:
            pieces.append(_tag(token))
        else:
            pieces.append(_single(token))
    return pieces


def _tag(token: Token) -> str:
    name = token.type.removesuffix("_open").removesuffix("_close")
    end = token.nesting < 0
    if name == "heading":
        tag = token.tag
    elif name == "table":
        return "</table>" if end else '<table border="1" cellspacing="0" cellpadding="4">'
    elif name == "link":
        return "</a>" if end else f'<a href="{escape(_safe(token))}">'
    else:
        tag = _BLOCKS.get(name, "span")
    if end:
        return f"</{tag}>"
    start = token.attrGet("start")
    if name == "ordered_list" and start is not None:
        return f'<ol start="{int(start)}">'
    style = token.attrGet("style")
    return f'<{tag} style="{escape(str(style))}">' if style and name in ("td", "th") else f"<{tag}>"


def _safe(token: Token) -> str:
    address = str(token.attrGet("href") or "")
    return address if can_open(address) else ""


def _single(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak", "hr"):
        return {"softbreak": " ", "hardbreak": "<br>", "hr": "<hr>"}[token.type]
    if token.type in ("fence", "code_block"):
        return f"<pre><code>{escape(token.content.removesuffix(chr(10)))}</code></pre>"
    if token.type == "code_inline":
        return f"<code>{escape(token.content)}</code>"
    if token.type == "math_block":
        return f"<p>{escape(token.meta['source'])}</p>"
    return escape(_words(token))


def _words(token: Token) -> str:
    """What a token inside a sentence says."""
    if token.type in ("math_inline", "math_inline_double"):
        return delimited(token)
    if token.type == "softbreak":
        return " "
    if token.type == "hardbreak":
        return "\n"
    if token.type == "image":
        return f"[{token.content or token.attrGet('src') or ''}]"
    return token.content


def to_plain(markdown: str) -> str:
    """As words: without marks, with the signs of lists, cells parted by tabs, formulas as LaTeX."""
    tokens = parse(markdown)
    return markdown.strip() if is_cut_off(tokens) else _Plain().text(tokens)


class _Plain:
    """Collects lines; `gap` says how many empty lines the next one wants before it."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._gap = 0
        self._lists: list[int | None] = []
        self._marker = ""

    def text(self, tokens: list[Token]) -> str:
        cells: list[str] | None = None
        for token in tokens:
            if token.type == "tr_open":
                cells = []
            elif token.type == "tr_close" and cells is not None:
                self._add("\t".join(cells), 0)
                cells = None
            elif token.type == "table_close":
                self._gap = 1
            elif token.type == "inline":
                words = "".join(_words(child) for child in token.children or [])
                if cells is None:
                    self._add(words, 0 if self._lists else 1)
                else:
                    cells.append(words)
            elif token.type in ("fence", "code_block"):
                self._add(token.content.removesuffix("\n"), 1)
            elif token.type == "math_block":
                self._add(token.meta["source"], 1)
            elif token.type == "hr":
                self._add("---", 1)
            else:
                self._enter(token)
        return "\n".join(self._lines)

    def _enter(self, token: Token) -> None:
        if token.type == "bullet_list_open":
            self._lists.append(None)
        elif token.type == "ordered_list_open":
            self._lists.append(int(token.attrGet("start") or 1))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
            self._gap = 0 if self._lists else 1
        elif token.type == "list_item_open":
            number = self._lists[-1]
            self._marker = "\u2022 " if number is None else f"{number}. "
            self._lists[-1] = None if number is None else number + 1

    def _add(self, text: str, gap: int) -> None:
        if self._lines and max(gap, self._gap):
            self._lines.append("")
        self._gap = gap
        indent = "    " * max(0, len(self._lists) - 1)
        first, *rest = text.split("\n")
        self._lines.append(f"{indent}{self._marker}{first}")
        self._lines += [f"{indent}{line}" for line in rest]
        self._marker = ""
