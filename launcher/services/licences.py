"""What is shipped, by whom, under which licence, with the texts. Without Qt.

A frozen program has a list made from its own files (packaging/licences/collect.py): `licences/index.json` with the texts beside
it. A source tree has no such list; there the list is made from what the environment's packages say of themselves, and from
`licences/components.json`, which knows what no package tells of (Qt, the interpreter, fonts, icons, engine).
"""

from __future__ import annotations

import json
import platform
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from launcher import __version__
from launcher.core.codec import from_json
from launcher.core.paths import resource

INDEX = "index.json"
_OWN_VERSIONS = {"Launcher": __version__, "Python": platform.python_version()}
_TEXT_NAME = re.compile(r"(?:.*/)?(?:[^/]*licen[cs]e[^/]*|copying[^/]*|notice[^/]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Component:
    """One piece of software or data.

    Attributes:
        name: as its authors call it.
        version: "" where none is known.
        licence: an SPDX expression, or its authors' words.
        source: where its source is.
        texts: files in the folder of the list.
        package: its name as a Python package, "" for what is none.
    """

    name: str
    version: str = ""
    licence: str = ""
    source: str = ""
    texts: tuple[str, ...] = ()
    package: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """An entry of components.json: what no package's metadata tells.

    Attributes:
        name, licence, source, texts: as of `Component`.
        version: fixed; "" takes the package's.
        packages: it comes with these Python packages, whose entry it is.
        is_everywhere: it is in every copy of the program, the source too.
        files: patterns of file names in a frozen folder that are of it.
    """

    name: str
    licence: str
    source: str
    texts: tuple[str, ...]
    version: str = ""
    packages: tuple[str, ...] = ()
    is_everywhere: bool = False
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Licensed:
    """A component and its licence texts: (title, text)."""

    component: Component
    texts: tuple[tuple[str, str], ...] = field(default=())


def shipped() -> tuple[Licensed, ...]:
    """Everything that this copy consists of, by name. Reads some hundred kB; not for the GUI thread."""
    folder = resource("licences")
    index = folder / INDEX
    if index.is_file():
        found = from_json(tuple[Component, ...], json.loads(index.read_text("utf-8")))
        licensed = [Licensed(c, tuple((name, _read(folder / name)) for name in c.texts)) for c in found]
    else:
        licensed = list(_of_the_environment(folder))
    return tuple(sorted(licensed, key=lambda item: item.component.name.lower()))


def known_components() -> tuple[Known, ...]:
    """The entries of components.json."""
    return from_json(tuple[Known, ...], json.loads(resource("licences", "components.json").read_text("utf-8")))


def normal(name: str) -> str:
    """The one way of writing a package's name that compares (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def required_packages() -> tuple[str, ...]:
    """Every package that the program needs here, and what those need, by normal name. Source tree only."""
    project = tomllib.loads((resource().parent / "pyproject.toml").read_text("utf-8"))
    seen: set[str] = set()
    todo = [_requirement(text) for text in cast("list[str]", project["project"]["dependencies"])]
    while todo:
        name, extras = todo.pop()
        key = f"{name}[{','.join(sorted(extras))}]"
        if key in seen:
            continue
        seen.add(key)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # for another system or Python
            seen.discard(key)
            continue
        todo += [_requirement(text) for text in distribution.requires or () if _is_wanted(text, extras)]
    return tuple(sorted({key.partition("[")[0] for key in seen}))


def package_component(name: str) -> Component:
    """What a package says of itself; its texts come from `package_texts`."""
    about: Any = metadata.distribution(name).metadata  # a mapping whose stub lacks `get`
    licence: str = (
        about.get("License-Expression") or _short(about.get("License")) or _from_classifiers(about) or "see the text"
    )
    return Component(about["Name"], about["Version"], licence, _source(about), (), normal(name))


def package_texts(name: str) -> tuple[tuple[str, str], ...]:
    """The licence files that a package brings: (its path in the package's metadata, text)."""
    found: list[tuple[str, str]] = []
    for file in metadata.distribution(name).files or ():
        parts = file.parts
        if not parts[0].endswith(".dist-info") or not _TEXT_NAME.fullmatch(str(file)):
            continue
        inner = [part for part in parts[1:] if part != "licenses"]
        found.append(("/".join(inner), _read(Path(str(file.locate())))))
    return tuple(sorted(found))


def requirement_name(requirement: str) -> str:
    """The normal name of the package that a requirement (PEP 508) names."""
    return _requirement(requirement)[0]


def with_known_texts(known: Known, folder: Path) -> Licensed:
    """An entry of components.json as it is here.

    Args:
        known: the entry.
        folder: holds its texts.
    """
    here = [name for name in known.packages if _is_installed(name)]
    version = known.version or _OWN_VERSIONS.get(known.name) or (metadata.version(here[0]) if here else "")
    component = Component(known.name, version, known.licence, known.source, known.texts, here[0] if here else "")
    own = tuple((name, _read(folder / name)) for name in known.texts)
    return Licensed(component, (*own, *(text for name in here for text in package_texts(name))))


def _of_the_environment(folder: Path) -> Iterator[Licensed]:
    """What a source tree runs with."""
    packages = set(required_packages())
    for known in known_components():
        if known.is_everywhere or packages.intersection(known.packages):
            packages -= set(known.packages)
            yield with_known_texts(known, folder)
    for name in packages:
        yield Licensed(package_component(name), package_texts(name))


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _read(path: Path) -> str:
    return path.read_text("utf-8", "replace").replace("\r\n", "\n").strip("\n") + "\n"


def _requirement(text: str) -> tuple[str, frozenset[str]]:
    """Name and extras of a requirement (PEP 508)."""
    found = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?", text)
    assert found is not None, text  # noqa: S101 - written by build tools
    return normal(found[1]), frozenset(e.strip() for e in (found[2] or "").split(",") if e.strip())


def _is_wanted(requirement: str, extras: frozenset[str]) -> bool:
    """Whether an extra asks for it; what other systems need is not installed, so their markers need no reading."""
    marker = requirement.partition(";")[2]
    named = re.findall(r"extra\s*==\s*['\"]([^'\"]+)['\"]", marker)
    return not named or any(name in extras for name in named)


def _short(licence: str | None) -> str:
    """Some packages put the whole text there."""
    return licence.strip() if licence and "\n" not in licence.strip() and licence.strip() != "UNKNOWN" else ""


def _from_classifiers(about: Any) -> str:
    ends = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or () if c.startswith("License :: ")]
    return " AND ".join(end for end in ends if end != "OSI Approved")


def _source(about: Any) -> str:
    """The address of its source, as it names it."""
    links = [text.partition(", ") for text in about.get_all("Project-URL") or ()]
    named = {label.strip().lower(): address.strip() for label, _, address in links}
    for label in ("source", "source code", "repository", "github", "code", "homepage", "home"):
        if label in named:
            return named[label]
    return (about.get("Home-page") or "").strip() or next(iter(named.values()), "")
