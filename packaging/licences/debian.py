"""System libraries that travel with a program frozen on Debian or Ubuntu: their package, its copyright file, its source."""

from __future__ import annotations

import platform
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from launcher.services.licences import Component, Licensed

_DOCUMENTS = Path("/usr/share/doc")
_COMMON = re.compile(r"/usr/share/common-licenses/([A-Za-z][A-Za-z0-9.-]*[A-Za-z0-9])")
COMMON = "common/"
"""Before the names of the texts that packages refer to instead of bringing them."""

# The paragraph about the sources themselves (Debian's DEP-5 format); others are about tests, or the packaging.
_MAIN = re.compile(r"^Files:[ \t]*\*[ \t]*$(?P<fields>(?:\n(?!\s*$).*)*)", re.MULTILINE)
_NAMED = re.compile(r"^License:[ \t]+(\S[^\n]{0,80})$", re.MULTILINE)
# Whose copyright files are prose, or speak of more than the library.
_READ_BY_HAND = {
    "libbz2-1.0": "bzip2-1.0.6",
    "libc6-dev": "LGPL-2.1-or-later",
    "libfuse3-dev": "LGPL-2.1-only",
    "libgomp1": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libxkbcommon-x11-0": "MIT",
    "libxkbcommon0": "MIT",
}


def components(files: Sequence[Path]) -> tuple[list[Licensed], dict[str, list[Path]], list[str]]:
    """The Debian packages that these libraries are from.

    Returns:
        The components, the files of each by its name, and a sentence for each file whose package cannot be told.
    """
    packages: dict[str, list[Path]] = {}
    unclear: list[str] = []
    for file in files:
        package = _package(file.name)
        if package is None:
            unclear.append(f"library {file.name}: not in components.json, and no package of this system has it")
        else:
            packages.setdefault(package, []).append(file)
    found = {package: component(package) for package in sorted(packages)}
    places = {found[package].component.name: files for package, files in packages.items()}
    return list(found.values()), places, unclear


def _package(library: str) -> str | None:
    """The package that has a library of this name."""
    try:
        done = subprocess.run(["dpkg-query", "-S", f"*/{library}"], capture_output=True, text=True, check=False)
    except FileNotFoundError:  # another system
        return None
    owners = (line.rpartition(": ")[0] for line in done.stdout.splitlines() if not line.startswith("diversion "))
    return min((owner.partition(",")[0] for owner in owners), default=None)


def component(package: str) -> Licensed:
    """A package that is installed here, with its copyright file and the common licences that this refers to."""
    fields = "${Version}\\n${source:Package}\\n${source:Version}\\n${Homepage}\\n"
    query = ["dpkg-query", "-W", "-f", fields, package]
    version, source, source_version, homepage = subprocess.run(
        query, capture_output=True, text=True, check=True
    ).stdout.split("\n")[:4]
    name = package.partition(":")[0]
    file = _DOCUMENTS / name / "copyright"
    texts = [("copyright", file.read_text("utf-8", "replace"))] if file.is_file() else []
    own = texts[0][1] if texts else ""
    for common in sorted(set(_COMMON.findall(own))):
        path = Path("/usr/share/common-licenses", common)
        if path.is_file():
            texts.append((f"{COMMON}{common}.txt", path.read_text("utf-8", "replace")))
    address = f"https://snapshot.debian.org/package/{source}/{source_version}/" if _system() == "debian" else homepage
    return Licensed(Component(name, version, _READ_BY_HAND.get(name) or _licence(own), address), tuple(texts))


def _licence(text: str) -> str:
    """The short name of the licence of the sources themselves, where the copyright file is machine-readable."""
    main = _MAIN.search(text)
    named = _NAMED.search(main["fields"]) if main else None
    return named[1].strip() if named else "see the text"


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("ID", "")
    except OSError:
        return ""


def purl_namespace() -> str:
    """The system's name in package addresses: "debian", "ubuntu"."""
    return _system() or "debian"
