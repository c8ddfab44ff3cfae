"""Which files the types are checked in, and one digest for each over everything that its types depend on.

Imports are followed by name through every place where pyright looks for local modules, wherever in a file they stand. Where
a name can mean several files, all of them count: a digest may cover too much, which costs time, never too little.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import os
import sys
import sysconfig
import tomllib
from collections.abc import Iterator, Sequence
from itertools import compress
from pathlib import Path
from typing import Any, NamedTuple

# Of a module `a.b`; of a package too, of which `import a.b.c` reads the same.
_ENDINGS = (".py", ".pyi", "/__init__.py", "/__init__.pyi")


class _Source(NamedTuple):
    """One file as it is now."""

    content: str  # a hash
    imports: tuple[str, ...]  # paths


class Project:
    """The project as it is on the disk while this lives; whoever asks later makes another one.

    Args:
        root: folder of pyproject.toml, with its table tool.pyright.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        settings: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["pyright"]
        self._include: list[str] = settings["include"]
        self._exclude: list[str] = settings.get("exclude", [])
        self._places = ["", settings.get("stubPath", "typings"), *settings.get("extraPaths", [])]
        self._key = _key(settings)
        self._listed = functools.cache(self._list)
        self._found = functools.cache(self._find)

    def files(self) -> list[str]:
        """Paths below the root, with slashes, that pyright checks when it is given none."""
        found = (path for folder in self._include for path in (self._root / folder).rglob("*.py"))
        paths = sorted({path.relative_to(self._root).as_posix() for path in found})
        return [path for path in paths if not any(_matches(path, pattern) for pattern in self._exclude)]

    def digests(self) -> dict[str, str]:
        """Each of `files` with its digest: equal ones mean that pyright would say the same again."""
        files = self.files()
        sources = self._read(files)
        lines = [f"{path} {source.content}\n" for path, source in sources.items()]
        reach = _reach(sources)
        return {path: self._digest(lines, reach[path]) for path in files}

    def _digest(self, lines: list[str], reached: int) -> str:
        bits = map(int, reversed(f"{reached:0{len(lines)}b}"))
        return hashlib.sha256((self._key + "".join(compress(lines, bits))).encode()).hexdigest()

    def _read(self, files: Sequence[str]) -> dict[str, _Source]:
        """These files and all that they import here, in the order of their paths."""
        sources: dict[str, _Source] = {}
        ahead = list(files)
        while ahead:
            path = ahead.pop()
            if path not in sources:
                sources[path] = self._source(path)
                ahead += sources[path].imports
        return dict(sorted(sources.items()))

    def _source(self, path: str) -> _Source:
        content = (self._root / path).read_bytes()
        names = _imported(content)
        if names is None:
            # What it imports cannot be told: it and all that import it are like nothing seen before.
            return _Source(os.urandom(16).hex(), ())
        folder = path.rpartition("/")[0]
        found = {target for level, name in names for target in self._targets(level, name, folder)}
        return _Source(hashlib.sha256(content).hexdigest(), tuple(sorted(found)))

    def _targets(self, level: int, name: str, folder: str) -> Iterator[str]:
        if level:
            # From the package above the one that the dots mean, whose own file is read too.
            parts = folder.split("/")
            parts = parts[: len(parts) - level + 1] or [""]
            yield from self._found("/".join(parts[:-1]), f"{parts[-1]}.{name}")
            return
        for place in (*self._places, folder):
            yield from self._found(place, name)

    def _find(self, place: str, name: str) -> tuple[str, ...]:
        """The files that `name` and the packages above it may mean, looked for from `place`."""
        found: list[str] = []
        base = place
        for part in name.split("."):
            base = f"{base}/{part}" if base else part
            found += [base + ending for ending in _ENDINGS if self._is_file(base + ending)]
        return tuple(found)

    def _is_file(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        return name in self._listed(folder)

    def _list(self, folder: str) -> frozenset[str]:
        try:
            return frozenset(os.listdir(self._root / folder))
        except OSError:
            return frozenset()


def _key(settings: dict[str, Any]) -> str:
    """All that is the same for every file: settings, system, installed packages (pyright is one), how digests are made."""
    packages = sorted(path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return json.dumps([settings, sys.platform, sys.version_info[:3], packages, own], sort_keys=True)


def _matches(path: str, pattern: str) -> bool:
    """Of pyright's patterns the two kinds that are used here: a path, and a name wherever it stands."""
    if pattern.startswith("**/"):
        return f"/{pattern[3:]}/" in f"/{path}/"
    return f"{path}/".startswith(f"{pattern}/")


@functools.cache  # a file is read again after pyright has run
def _imported(content: bytes) -> frozenset[tuple[int, str]] | None:
    """Every imported dotted name with its number of leading dots; None for what is no Python."""
    try:
        return frozenset(_imports(ast.parse(content).body))
    except (SyntaxError, ValueError):
        return None


def _imports(block: Sequence[ast.AST]) -> Iterator[tuple[int, str]]:
    """What these statements import, and those in them; expressions, most of a tree, hold no imports."""
    for node in block:
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # What stands behind `import` may be a module too.
            start = f"{node.module}." if node.module else ""
            yield from ((node.level, start + alias.name) for alias in node.names)
        else:
            for inside in ("body", "orelse", "finalbody", "handlers", "cases"):
                yield from _imports(getattr(node, inside, ()))


def _reach(sources: dict[str, _Source]) -> dict[str, int]:
    """For each source which ones it reaches, itself too: bit n stands for the nth of them."""
    bits = {path: 1 << position for position, path in enumerate(sources)}
    reach = dict(bits)
    while True:
        before = dict(reach)
        for path, source in sources.items():
            for target in source.imports:
                reach[path] |= reach[target]
        if reach == before:
            return reach
