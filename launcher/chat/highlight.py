"""Colours of a code listing as spans, through Pygments. Independent of the theme, so that a change of theme only repaints."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

# Above this a listing stays in one colour: Pygments needs about a second per 400,000 characters.
MAX_COLOURED_CHARS = 100_000
_NAMES = {
    "py": "Python", "python": "Python", "python3": "Python", "js": "JavaScript", "javascript": "JavaScript", "ts": "TypeScript",
    "typescript": "TypeScript", "c": "C", "cpp": "C++", "c++": "C++", "cs": "C#", "csharp": "C#", "rs": "Rust", "rust": "Rust",
    "go": "Go", "sh": "Shell", "bash": "Bash", "zsh": "Shell", "shell": "Shell", "html": "HTML", "css": "CSS", "sql": "SQL",
    "json": "JSON", "yaml": "YAML", "yml": "YAML", "toml": "TOML", "xml": "XML", "java": "Java", "kt": "Kotlin", "kotlin": "Kotlin",
    "md": "Markdown", "markdown": "Markdown", "rb": "Ruby", "ruby": "Ruby", "php": "PHP", "swift": "Swift", "r": "R", "tex": "LaTeX",
    "latex": "LaTeX", "ps1": "PowerShell", "powershell": "PowerShell", "diff": "Diff", "lua": "Lua", "matlab": "MATLAB",
    "dockerfile": "Dockerfile", "makefile": "Makefile", "ini": "INI", "text": "", "txt": "", "plaintext": "",
}  # fmt: skip
MAX_LABEL_CHARS = 24


class CodeKind(StrEnum):
    """What a span is; everything else has the text colour."""

    KEYWORD = "keyword"
    FUNCTION = "function"
    NUMBER = "number"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of the listing."""

    start: int
    end: int
    kind: CodeKind


def label(language: str) -> str:
    """The name shown over a listing ("Python"); an unknown one as it was given, "" for none."""
    return _NAMES.get(language.lower(), language[:MAX_LABEL_CHARS])


def spans(language: str, code: str) -> tuple[Span, ...]:
    """Coloured spans in order; () for an unknown language (never guessed) and for very long listings."""
    from pygments import lexers
    from pygments.util import ClassNotFound

    if not language or len(code) > MAX_COLOURED_CHARS:
        return ()
    try:
        lexer = cast("Any", lexers).get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return ()
    found: list[Span] = []
    for start, token, text in lexer.get_tokens_unprocessed(code):
        kind = _kind(str(token))
        if kind is not None and text:
            found.append(Span(start, start + len(text), kind))
    return tuple(found)


def _kind(token: str) -> CodeKind | None:
    """The design has four code colours; strings share the one of numbers: both are literal values."""
    name = token.removeprefix("Token.")
    if name.startswith("Comment"):
        return CodeKind.COMMENT
    if name.startswith(("Keyword", "Operator.Word", "Name.Tag")):
        return CodeKind.KEYWORD
    if name.startswith(("Name.Function", "Name.Class", "Name.Builtin", "Name.Decorator", "Name.Attribute")):
        return CodeKind.FUNCTION
    if name.startswith("Literal"):
        return CodeKind.NUMBER
    return None
