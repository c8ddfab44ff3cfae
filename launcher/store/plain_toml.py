"""Reads the TOML that the program itself writes: sections of names with a text, a number or a yes.

The standard library's parser reads all of TOML, and loading it takes longer than all else that the settings do before the window.
"""

from __future__ import annotations

_WORDS = {"true": True, "false": False}
_ESCAPED = {'"': '"', "\\": "\\", "n": "\n", "t": "\t", "r": "\r"}

_Value = str | int | float | bool


def tables(text: str) -> dict[str, dict[str, _Value]] | None:
    """The sections of a document, as `tomllib.loads` gives them.

    Returns:
        None for everything that this does not read: other TOML and what is no TOML.
    """
    found: dict[str, dict[str, _Value]] = {}
    section: dict[str, _Value] | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.isprintable():
            return None
        line = line.strip(" ")
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            name = line[1:-1]
            if not line.endswith("]") or not _is_name(name) or name in found:
                return None
            section = found[name] = {}
            continue
        name, equals, rest = line.partition("=")
        name, value = name.strip(" "), _value(rest.strip(" "))
        if not equals or section is None or not _is_name(name) or name in section or value is None:
            return None
        section[name] = value
    return found


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier()


def _value(text: str) -> _Value | None:
    if text in _WORDS:
        return _WORDS[text]
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return _unescaped(text[1:-1])
    whole, point, part = text.partition(".")
    if not _is_number(whole) or (whole[0] == "0" and whole != "0"):
        return None
    if not point:
        return int(whole)
    return float(text) if _is_number(part) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _unescaped(text: str) -> str | None:
    letters: list[str] = []
    rest = iter(text)
    for letter in rest:
        if letter == '"':
            return None
        escaped = _ESCAPED.get(next(rest, "")) if letter == "\\" else letter
        if escaped is None:
            return None
        letters.append(escaped)
    return "".join(letters)
