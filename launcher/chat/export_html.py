"""A conversation as one HTML page that needs nothing else: no script, no file, no address is loaded, and all text is escaped."""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from datetime import tzinfo
from html import escape
from typing import Any

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from launcher.chat.attachments import Attachment
from launcher.chat.conversation import Conversation, Message, Role
from launcher.chat.counts import tokens_in_words
from launcher.chat.export import (
    attachment_words,
    branch_note,
    date_of,
    end_note,
    thought_words,
    title_of,
    writer_of,
)
from launcher.chat.export_formulas import Formulas
from launcher.chat.highlight import label, spans
from launcher.chat.json_text import as_listing, is_json
from launcher.chat.markdown import is_cut_off, parse, parser
from launcher.chat.statistics import statistics
from launcher.core.words import say

# A page from a file may otherwise load what a model wrote: nothing may be loaded, and only our own style holds.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
# What HTML cannot hold at all.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
_STYLE = """
:root{color-scheme:light dark;--surface:#FFFFFF;--raised:#E9EDEF;--border:#D3DADE;--text:#16201F;--muted:#55626A;
--accent:#0B6670;--keyword:#7A3E9D;--function:#0B6670;--number:#8A5300;--comment:#55626A}
@media (prefers-color-scheme:dark){:root{--surface:#1B2125;--raised:#262E33;--border:#353F45;--text:#E6EBED;--muted:#A2AEB5;
--accent:#58C3CB;--keyword:#C99BE8;--function:#7CCFD6;--number:#E0B266;--comment:#A2AEB5}}
body{margin:0;background:var(--surface);color:var(--text);font:16px/1.6 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:46rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.5rem;line-height:1.3;margin:0}h2{font-size:1.25rem}h3,h4,h5,h6{font-size:1.05rem}
.about,.figures,.who{color:var(--muted);font-size:.85rem}.about{margin:.25rem 0 2rem}.figures{margin:.5rem 0 0}
details.figures{border:0;padding:0}.figures table{margin:.5rem 0 0}.figures th{text-align:left;font-weight:normal}
section{margin:0 0 1.75rem}.user{display:flex;flex-direction:column;align-items:flex-end}
.bubble{background:var(--raised);border-radius:12px;padding:.5rem .9rem;max-width:85%;white-space:pre-wrap}
details{border:1px solid var(--border);border-radius:8px;padding:.4rem .8rem;margin:0 0 .75rem;max-width:100%}
summary{cursor:pointer;color:var(--muted);font-size:.9rem}.thought,.file{white-space:pre-wrap;color:var(--muted);margin:.5rem 0 0}
figure{margin:1rem 0;border:1px solid var(--border);border-radius:8px;overflow:hidden}
figcaption{background:var(--raised);color:var(--muted);padding:.2rem .9rem;font-size:.8rem}
pre{margin:0;padding:.75rem .9rem;overflow-x:auto}pre,code{font:.875rem/1.5 ui-monospace,monospace}
code{background:var(--raised);border-radius:4px;padding:.1em .3em}pre code,code.formula{background:none;padding:0}
table{border-collapse:collapse;display:block;overflow-x:auto}th,td{border:1px solid var(--border);padding:.3rem .7rem}
blockquote{margin:1rem 0;padding:0 0 0 1rem;border-left:3px solid var(--border);color:var(--muted)}
.display{display:block;text-align:center;overflow-x:auto;margin:.75rem 0}a{color:var(--accent)}
.keyword{color:var(--keyword)}.function{color:var(--function)}.number{color:var(--number)}.comment{color:var(--comment)}
@media print{details{break-inside:auto}figure,table{break-inside:avoid}}
"""


def to_html(
    conversation: Conversation,
    formulas: Formulas,
    *,
    with_reasoning: bool = True,
    zone: tzinfo | None = None,
) -> str:
    """The open branch as a page. Slow where there are many formulas: for a worker thread.

    Args:
        conversation: what to export.
        formulas: draws them; may be shared by several pages.
        with_reasoning: also the thoughts, folded.
        zone: time zone of the date line; None is the local one.
    """
    about = " · ".join(t for t in (date_of(conversation.created_at, zone), branch_note(conversation)) if t)
    title = _text(title_of(conversation))
    body = "\n".join(_section(m, formulas, with_reasoning) for m in conversation.path())
    return (
        f'<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<h1 dir="auto">{title}</h1>\n<p class="about">{_text(about)}</p>\n{body}\n</main>\n</body>\n</html>\n'
    )


def markdown_html(source: str, formulas: Formulas) -> str:
    """The markup of one answer; what is nested too deep is shown as it was written."""
    source = _FORBIDDEN.sub("\ufffd", source)
    if is_json(source):
        source = as_listing(source, is_whole=True)
    tokens = parse(source)
    if is_cut_off(tokens):
        return f"<pre>{escape(source)}</pre>"
    return _Renderer(formulas).render(tokens, parser().options, {})


def code_html(language: str, code: str) -> str:
    """A listing with its colours as classes."""
    pieces: list[str] = []
    at = 0
    for span in spans(language, code):
        if span.start < at:
            continue
        pieces.append(escape(code[at : span.start]))
        pieces.append(f'<span class="{span.kind.value}">{escape(code[span.start : span.end])}</span>')
        at = span.end
    pieces.append(escape(code[at:]))
    return "".join(pieces)


def _section(message: Message, formulas: Formulas, with_reasoning: bool) -> str:
    who = _text(writer_of(message))
    files = "\n".join(_file(a) for a in message.attachments)
    if message.role is Role.USER:
        bubble = f'<div class="bubble" dir="auto">{_text(message.text)}</div>' if message.text.strip() else ""
        return f'<section class="user">\n<p class="who">{who}</p>\n{files}\n{bubble}\n</section>'
    parts = [f'<section class="answer">\n<p class="who">{who}</p>']
    if with_reasoning and message.reasoning.strip():
        thought = _text(message.reasoning.strip())
        words = _text(thought_words(message))
        parts.append(f'<details><summary>{words}</summary><div class="thought" dir="auto">{thought}</div></details>')
    parts += [files, markdown_html(message.text, formulas)]
    if figures := _figures(message):
        parts.append(_statistics(message, figures))
    return "\n".join(p for p in (*parts, "</section>") if p)


def _file(attachment: Attachment) -> str:
    words, text = _text(attachment_words(attachment)), _text(attachment.text)
    return f'<details><summary>{words}</summary><div class="file" dir="auto">{text}</div></details>'


def _statistics(message: Message, figures: str) -> str:
    """The line under an answer; it unfolds to the whole table where there is one."""
    rows = "".join(f"<tr><th>{_text(f.name)}</th><td>{_text(f.value)}</td></tr>" for f in statistics(message))
    if not rows:
        return f'<p class="figures">{_text(figures)}</p>'
    return f'<details class="figures"><summary>{_text(figures)}</summary><table>{rows}</table></details>'


def _figures(message: Message) -> str:
    words = [end_note(message)]
    timings = message.timings
    if timings is not None:
        if timings.decode_tokens_s > 0:
            words.append(say("{rate} tokens/s", rate=f"{timings.decode_tokens_s:.1f}"))
        words.append(tokens_in_words(timings.decode_tokens))
    return " · ".join(w for w in words if w)


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text))


class _Renderer(RendererHTML):
    """markdown-it's own renderer (its rules are the methods' names), with formulas, listings and harmless links."""

    def __init__(self, formulas: Formulas) -> None:
        self._formulas = formulas
        super().__init__()

    def math_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        r"""`\( \)` and `$ $`."""
        token = tokens[idx]
        closer = {"\\(": "\\)", "\\[": "\\]"}.get(token.markup, token.markup)
        source = f"{token.markup}{token.content}{closer}"
        return self._formulas.html(token.content, source, token.type == "math_inline_double")

    math_inline_double = math_inline

    def math_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A formula on a line of its own; text without its closing mark stays as it was written."""
        token = tokens[idx]
        if not token.meta["closed"]:
            return f"<p>{escape(token.meta['source'])}</p>\n"
        after = f"<p>{escape(token.info)}</p>\n" if token.info else ""
        return self._formulas.html(token.content, token.meta["source"], True) + "\n" + after

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        """A listing with its language over it."""
        token = tokens[idx]
        words = token.info.split()
        language = words[0].strip("{}.`") if words else ""
        name = label(language)
        caption = f"<figcaption>{escape(name)}</figcaption>" if name else ""
        return f"<figure>{caption}<pre><code>{code_html(language, token.content)}</code></pre></figure>\n"

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: MutableMapping[str, Any]) -> str:
        """Named, never loaded."""
        return f"<em>[{escape(say('Picture: {name}', name=tokens[idx].content))}]</em>"

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """Only addresses of the web and of mail lead anywhere; others would mean files beside the page."""
        address = str(tokens[idx].attrGet("href") or "")
        if not _LINK.match(address):
            return "<a>"
        return f'<a href="{escape(address, quote=True)}" rel="noopener noreferrer nofollow">'
