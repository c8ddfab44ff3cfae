"""Sentences in the user's language, from rooms that know neither Qt nor languages.

A template is the English sentence; the window sets how it is translated, the command line stays English. The templates
are literals at the call (packaging/i18n/update.py collects them), so values come in by name and never as an f-string.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import cast

_translate: Callable[[str], str] = str
_keeps_templates = False
_SAY, _WITH = "say", "with"


class Said(str):
    """A sentence that knows how it was made, so that a process with a language can say it again."""

    __slots__ = ("template", "values")
    template: str
    values: dict[str, object]

    def parts(self) -> dict[str, object]:
        """As JSON; `said_again` is the way back."""
        return {_SAY: self.template, _WITH: {name: _part(value) for name, value in self.values.items()}}


def set_translation(translate: Callable[[str], str] | None) -> None:
    """Translate templates with this from now on; None goes back to English. Called once, before anything is said."""
    global _translate  # one language per process, like the locale
    _translate = translate or str


def is_translated() -> bool:
    """Whether sentences are said in another language than English."""
    return _translate is not str


def keep_templates() -> None:
    """From now on every sentence is a `Said`: called once by a process without a language, whose sentences others show."""
    global _keeps_templates
    _keeps_templates = True


def say(template: str, /, **values: object) -> str:
    """The sentence with its values: `say("{free} are free.", free=gb(n))`."""
    return _said(template, values)


def said_again(data: dict[str, object]) -> object:
    """An object of a message from such a process: a sentence in this process's language, others as they are.

    For `json.loads`, which gives inner objects first.

    Raises:
        ValueError: a template that does not go with its values.
    """
    if data.keys() != {_SAY, _WITH}:
        return data
    template, values = data[_SAY], data[_WITH]
    if not isinstance(template, str) or not isinstance(values, dict):
        raise ValueError("a sentence has a template and values")  # noqa: TRY004 - one kind of error for bad input
    try:
        return _said(template, cast("dict[str, object]", values))
    except (LookupError, AttributeError, TypeError) as error:
        raise ValueError(f"a sentence that cannot be said: {error!r}") from error


def _said(template: str, values: dict[str, object]) -> str:
    text = _translate(template).format(**values)
    if not _keeps_templates:
        return text
    said = Said(text)
    said.template, said.values = template, values
    return said


def _part(value: object) -> object:
    if isinstance(value, Said):
        return value.parts()
    return value if value is None or isinstance(value, str | int | float) else str(value)


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
