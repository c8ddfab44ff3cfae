"""Sentences in the user's language, from rooms that know neither Qt nor languages.

A template is the English sentence; the window sets how it is translated, the command line stays English. The templates
are literals at the call (packaging/i18n/update.py collects them), so values come in by name and never as an f-string.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

_translate: Callable[[str], str] = str


def set_translation(translate: Callable[[str], str] | None) -> None:
    """Translate templates with this from now on; None goes back to English. Called once, before anything is said."""
    global _translate  # one language per process, like the locale
    _translate = translate or str


def say(template: str, /, **values: object) -> str:
    """The sentence with its values: `say("{free} are free.", free=gb(n))`."""
    return _translate(template).format(**values)


def known(text: str) -> str:
    """A sentence without values that is collected too; "" and others stay as they are.

    Those are the sentences of resources/catalog, and the literal texts of `UserError`, `Failure` and `NextStep`: these
    are made in English, also in the engine's own process, and translated where they are shown.
    """
    return _translate(text) if text else ""


def listed(*names: str) -> str:
    """Names after one another: "RTX 4090, 64 GiB RAM"."""
    return functools.reduce(lambda text, name: say("{one}, {other}", one=text, other=name), names) if names else ""


def either(*names: str) -> str:
    """Names of which one is enough: "CUDA or Vulkan"."""
    return functools.reduce(lambda text, name: say("{one} or {other}", one=text, other=name), names) if names else ""


def joined(*sentences: str) -> str:
    """Sentences after one another, as the language writes them; empty ones are left out."""
    told = [sentence for sentence in sentences if sentence]
    return functools.reduce(lambda text, more: say("{first} {second}", first=text, second=more), told) if told else ""
