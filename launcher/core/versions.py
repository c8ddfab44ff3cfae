"""Comparing version numbers: PEP 440 without epochs, which covers what release tags look like (v1.2.0, 1.2.0-rc.1)."""

from __future__ import annotations

import re
from typing import TypeAlias

VersionKey: TypeAlias = tuple[tuple[int, ...], tuple[int, int], int, float]
"""What orders two versions: release numbers, the kind and number of a version before a release, post-release, dev-release."""

# Numbers of nine digits at most: a tag is a stranger's text.
_FORM = re.compile(
    r"v?(?P<release>\d{1,9}(?:\.\d{1,9}){0,7})"
    r"(?:[-_.]?(?P<kind>alpha|beta|preview|pre|rc|a|b|c)[-_.]?(?P<before>\d{1,9})?)?"
    r"(?P<post>[-_.]?(?:post|rev|r)[-_.]?(?P<post_number>\d{1,9})?)?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_number>\d{1,9})?)?"
    r"(?:\+[a-z0-9.]{1,40})?",
    re.IGNORECASE,
)
_KINDS = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_DEV_ONLY, _RELEASED = (-1, 0), (3, 0)


def version_key(text: str) -> VersionKey | None:
    """What two versions are compared by; None when the text is no version. What follows a + does not count."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    numbers = [int(part) for part in found["release"].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:  # 1.2 is 1.2.0
        numbers.pop()
    if found["kind"]:
        before = (_KINDS[found["kind"].lower()], int(found["before"] or 0))
    else:
        before = _DEV_ONLY if found["dev"] and not found["post"] else _RELEASED
    post = int(found["post_number"] or 0) if found["post"] else -1
    dev = float(found["dev_number"] or 0) if found["dev"] else float("inf")
    return tuple(numbers), before, post, dev


def is_before_release(key: VersionKey) -> bool:
    """Whether it is an alpha, beta, candidate or development version."""
    return key[1] != _RELEASED or key[3] != float("inf")
