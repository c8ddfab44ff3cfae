"""The copyright file of a package (Debian's DEP-5 format), from the list of components that freezing wrote into the program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from release import ROOT

_COMMON = {"LGPL-3.0-only": "LGPL-3", "GPL-3.0-only": "GPL-3", "Apache-2.0": "Apache-2.0"}
"""Texts that every Debian system has in /usr/share/common-licenses."""


def copyright_text(program: Path, inside: str) -> str:
    """Who holds the rights in what.

    Args:
        program: the frozen folder; its list of components is `_internal/resources/licences/index.json`.
        inside: its path in the package.
    """
    licences = program / "_internal" / "resources" / "licences"
    index = licences / "index.json"
    components: list[dict[str, Any]] = json.loads(index.read_text("utf-8")) if index.is_file() else []
    mit = (ROOT / "LICENSE").read_text("utf-8").split("\n\n", 2)
    lines = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
        "Upstream-Name: launcher",
        "Comment: A program with what it needs, frozen into one folder. Qt and Qt for Python are used under the LGPL 3: their libraries are",
        f" the unchanged files below /{inside}/_internal/PySide6 and can be exchanged for others of the same interface.",
        "",
        "Files: *",
        f"Copyright: {mit[1].removeprefix('Copyright (c) ')}",
        "License: MIT",
        "",
        f"Files: {inside}/_internal/* {inside}/engines/*",
        "Copyright: the authors of each component, named in its text",
        "License: components",
        " Every component with its licence; the whole texts are the named files in",
        f" /{inside}/_internal/resources/licences.",
    ]
    for component in components:
        lines += [" .", *_paragraph(component)]
    lines += ["", "License: MIT", *(f" {line}" if line.strip() else " ." for line in mit[2].strip().splitlines()), ""]
    return "\n".join(lines)


def _paragraph(component: dict[str, Any]) -> list[str]:
    head = " ".join(str(component.get(key, "")) for key in ("name", "version")).strip()
    licence = str(component.get("licence", ""))
    lines = [f" {head}", f"  Licence: {licence}"]
    if component.get("source"):
        lines.append(f"  Source: {component['source']}")
    for text in component.get("texts", ()):
        lines.append(f"  Text: {text}")
    if licence in _COMMON:
        lines.append(f"  Also: /usr/share/common-licenses/{_COMMON[licence]}")
    return lines
