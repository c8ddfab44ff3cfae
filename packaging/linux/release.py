"""What this version is, from the sources themselves: its number, its time, what changed. Standard library only."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Release:
    """One version of CHANGELOG.md.

    Attributes:
        paragraph: its introduction; empty without one.
        changes: one sentence or more each, in Markdown.
    """

    version: str
    paragraph: str
    changes: tuple[str, ...]


def version() -> str:
    """Of the program, as `launcher --version` prints it.

    Raises:
        ValueError: the sources do not name it.
    """
    found = re.search(r'^__version__ = "([^"]+)"$', (ROOT / "launcher" / "__init__.py").read_text("utf-8"), re.M)
    if found is None:
        raise ValueError("launcher/__init__.py names no version")
    return found[1]


def epoch_s() -> int:
    """The time that every file of a package carries: SOURCE_DATE_EPOCH, else that of the last commit, else of the changelog.

    Seconds since 1970. Source: reproducible-builds.org, "SOURCE_DATE_EPOCH specification".
    """
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    asked = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    if asked.returncode == 0 and asked.stdout.strip():
        return int(asked.stdout)
    return int((ROOT / "CHANGELOG.md").stat().st_mtime)  # an archive of the sources, without their history


def releases(text: str) -> list[Release]:
    """The versions of a changelog (`## 1.2.3`, a paragraph, a list), in its order."""
    found: list[Release] = []
    for section in re.split(r"^## +", text, flags=re.M)[1:]:
        heading, _, body = section.partition("\n")
        before, *items = re.split(r"^- +", body, flags=re.M)
        changes = tuple(" ".join(item.split()) for item in items)
        found.append(Release(heading.split()[0].strip("[]"), " ".join(before.split()), changes))
    return found
