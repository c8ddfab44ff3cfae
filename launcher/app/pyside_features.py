"""Keeps PySide from reading every module's source."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

_HOOK = "shibokensupport.feature"
_QUESTION = "_mod_uses_pyside"


def ignore_features() -> None:
    """Say of every module imported from now on that it has no `from __feature__ import`; call it before the others are.

    PySide 6 finds out by reading the module's source, and linecache keeps what it read: 11 MB and a quarter of the window's
    start for a feature that this program does not use. The answer "no" is PySide's own for modules without source. Where
    another version asks in another way nothing is changed; tests/widget/test_start_imports.py tells.
    """
    importlib.import_module("PySide6.QtCore")  # puts the hook around imports
    hook = sys.modules.get(_HOOK)
    if hook is not None and hasattr(hook, _QUESTION):
        setattr(hook, _QUESTION, _has_no_features)


def _has_no_features(module: ModuleType) -> bool:
    del module
    return False
