"""Compiles PySide's own Python part once instead of at every start, and its large patterns only when they are asked.

PySide 6 carries that part as source inside a library, without a place for bytecode: compiling it is an eighth of an empty
window's start. Another tenth are three regular expressions for nested brackets: for the text of a TypeError, and for writing
stub files.
"""

from __future__ import annotations

import builtins
import importlib.util
import marshal
import os
import re
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType
from typing import Any

_EMBEDDED = ("shibokensupport/", "signature_bootstrap.py")  # what PySide calls the files
_LARGE = 4000
"""Letters of a pattern. PySide's have more than 6,000, those of the standard library's modules beside it up to 714."""

_Codes = dict[str, tuple[bytes, CodeType]]
"""By the name of the file: hash of the source, and what it was compiled to."""


@contextmanager
def compiled_once(path: Path) -> Generator[None]:
    """Within it, PySide's embedded source is compiled by an earlier start, as far as that is kept in `path` and still true.

    What is new is written when it ends; a file that cannot be read or written changes nothing but the time.
    """
    known = _read(path)
    used: _Codes = {}
    compile_anew: Callable[..., Any] = builtins.compile

    def compile_known(source: Any, filename: Any, *arguments: Any, **options: Any) -> Any:
        if not (isinstance(source, bytes) and isinstance(filename, str) and filename.startswith(_EMBEDDED)):
            return compile_anew(source, filename, *arguments, **options)
        digest = importlib.util.source_hash(source)
        before = known.get(filename)
        code: Any = (
            before[1] if before and before[0] == digest else compile_anew(source, filename, *arguments, **options)
        )
        used[filename] = digest, code
        return code

    setattr(builtins, "compile", compile_known)  # noqa: B010 - a type checker may keep the built-in's own type
    try:
        yield
    finally:
        setattr(builtins, "compile", compile_anew)  # noqa: B010
    is_new = any(known.get(name, (b"",))[0] != digest for name, (digest, _code) in used.items())
    if is_new and not sys.dont_write_bytecode:
        _write(path, used)


@contextmanager
def patterns_when_asked() -> Generator[None]:
    """Within it, `re.compile` puts off a large pattern until it is matched the first time."""
    compile_now: Callable[..., Any] = re.compile

    def compile_later(pattern: Any, flags: Any = 0) -> Any:
        if isinstance(pattern, str) and len(pattern) > _LARGE:
            return _LargePattern(pattern, flags)
        return compile_now(pattern, flags)

    setattr(re, "compile", compile_later)  # noqa: B010 - as above
    try:
        yield
    finally:
        setattr(re, "compile", compile_now)  # noqa: B010


class _LargePattern:
    """In place of a pattern of which PySide takes these methods at once, and calls them much later or never."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._pattern, self._flags = pattern, flags

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        return self._compiled().finditer(text)

    def split(self, text: str) -> list[str]:
        return self._compiled().split(text)

    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._pattern, self._flags)  # `re` keeps what it compiled


def _read(path: Path) -> _Codes:
    with suppress(OSError):
        checksum, data = (content := path.read_bytes())[:8], content[8:]
        # Of this Python and whole: marshal may crash on anything else.
        if checksum == _checksum(data):
            return marshal.loads(data)  # noqa: S302 - as safe as Python's own __pycache__
    return {}


def _write(path: Path, codes: _Codes) -> None:
    data = marshal.dumps(codes)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        partial.write_bytes(_checksum(data) + data)
        os.replace(partial, path)


def _checksum(data: bytes) -> bytes:
    return importlib.util.source_hash(importlib.util.MAGIC_NUMBER + data)
