"""A switch that native code can read without Python.

llama.cpp asks its abort callback before every operation of a graph, hundreds of thousands of times a second on a fast
model; a Python callback there would cost more than the model. The C library's `strlen` has the right shape: it takes one
pointer and returns 0 (go on) for an empty string and 1 (stop) for one character, so the switch is a single byte.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any


class AbortSwitch:
    """Set from any thread; read by native code and by Python."""

    def __init__(self) -> None:
        self._text = ctypes.create_string_buffer(2)
        library = ctypes.CDLL("ucrtbase") if sys.platform == "win32" else ctypes.CDLL(None)
        self._strlen = library.strlen

    def callback(self, kind: Any) -> Any:
        """The native function, as the ctypes callback type `kind`."""
        return ctypes.cast(self._strlen, kind)

    @property
    def data(self) -> ctypes.c_void_p:
        """What the callback is to be called with."""
        return ctypes.cast(self._text, ctypes.c_void_p)

    @property
    def is_set(self) -> bool:
        """Whether a stop was asked for."""
        return self._text[0] != b"\0"

    def set(self) -> None:
        """Ask native code to stop."""
        self._text[0] = b"x"

    def clear(self) -> None:
        """Before the next operation."""
        self._text[0] = b"\0"
