"""Keeps PySide from what its import does at every start and this program does not need."""

from __future__ import annotations

import importlib
import sys
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType

from launcher.app.pyside_bytecode import compiled_once, patterns_when_asked
from launcher.core.paths import cache_dir

_HOOK = "shibokensupport.feature"
_QUESTION = "_mod_uses_pyside"


def ignore_features() -> None:
    """Say of every module imported from now on that it has no `from __feature__ import`; call it before the others are.

    PySide 6 finds out by reading the module's source, and linecache keeps what it read: 11 MB and a quarter of the window's
    start for a feature that this program does not use. The answer "no" is PySide's own for modules without source. Where
    another version asks in another way nothing is changed; tests/widget/test_start_imports.py tells.
    """
    with _compiled_once(), patterns_when_asked():
        importlib.import_module("PySide6.QtCore")  # puts the hook around imports
    hook = sys.modules.get(_HOOK)
    if hook is not None and hasattr(hook, _QUESTION):
        setattr(hook, _QUESTION, _has_no_features)


def _compiled_once() -> AbstractContextManager[None]:
    try:
        return compiled_once(cache_dir() / f"pyside-{sys.implementation.cache_tag}.bytecode")
    except OSError:  # no folder can be made
        return nullcontext()


def _has_no_features(module: ModuleType) -> bool:
    del module
    return False
