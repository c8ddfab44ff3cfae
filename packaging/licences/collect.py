"""Licence texts and bill of materials of everything that is shipped: `python packaging/licences/collect.py FOLDER`.

FOLDER is what PyInstaller made (the executables beside `_internal`, or a macOS bundle). Every module and every file in it must be of a
component, and every component must have a licence text: otherwise nothing is written, what is missing is listed, and the exit code
is 1. Run it with the Python that froze the program: it asks that environment's packages.

    python packaging/licences/collect.py dist/launcher             # into the program: resources/licences, sbom.cdx.json
    python packaging/licences/collect.py --environment OUT         # what the source tree runs with, into a folder
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

_HERE = Path(__file__).resolve().parent
ROOT = _HERE.parents[1]
sys.path[:0] = [str(_HERE), str(ROOT)]

import debian  # noqa: E402 - the folders above are scripts, not packages
import frozen  # noqa: E402
import sbom  # noqa: E402

from launcher.core.codec import to_json  # noqa: E402
from launcher.services import licences  # noqa: E402
from launcher.services.licences import INDEX, Component, Licensed  # noqa: E402

SBOM = "sbom.cdx.json"
_SHORTEST_TEXT = 200


def main(arguments: Sequence[str]) -> int:
    """Collect, check, write."""
    parser = argparse.ArgumentParser(
        prog="collect.py", description="Licence texts and bill of materials of what is shipped."
    )
    parser.add_argument("folder", nargs="?", type=Path, help="a frozen program")
    parser.add_argument(
        "--environment", type=Path, metavar="OUT", help="of the source tree's environment instead, into OUT"
    )
    options = parser.parse_args(arguments)
    if (options.folder is None) == (options.environment is None):
        parser.error("name a frozen folder, or --environment OUT")
    if options.folder is not None:
        found, places, problems = of_folder(options.folder)
        texts, bill = resources(options.folder) / "licences", bill_place(options.folder)
    else:
        found, places, problems = list(licences.shipped()), {}, []
        texts, bill = options.environment / "licences", options.environment / SBOM
    problems += [f"{c.component.name} {c.component.version}: no licence text" for c in found if not has_text(c)]
    if problems:
        print("licences: not everything that is shipped has its licence:", file=sys.stderr)
        print("\n".join(f"  {problem}" for problem in problems), file=sys.stderr)
        return 1
    write_texts(texts, found)
    others = [c for c in read_index(texts) if c.name != "Launcher"]
    sbom.write(bill, others, needs(others), debian.purl_namespace(), places)
    print(f"licences: {len(found)} components, {sum(len(c.texts) for c in found)} texts, {bill.name}")
    return 0


def of_folder(folder: Path) -> tuple[list[Licensed], dict[str, list[str]], list[str]]:
    """The components of a frozen program, the files of those that are the system's, and what is unclear about it."""
    known = licences.known_components()
    inside = frozen.look_into(folder, known)
    own = ROOT / "resources" / "licences"
    found = [licences.with_known_texts(entry, own) for entry in known if entry.name in inside.known]
    found += [Licensed(licences.package_component(n), licences.package_texts(n)) for n in sorted(inside.packages)]
    from_system, files, unclear = debian.components(inside.system)
    places = {name: [f.relative_to(folder).as_posix() for f in each] for name, each in files.items()}
    return [*found, *from_system], places, [*inside.unclear, *unclear]


def has_text(licensed: Licensed) -> bool:
    """More than a title."""
    return sum(len(text) for _, text in licensed.texts) >= _SHORTEST_TEXT


def resources(folder: Path) -> Path:
    """Where a frozen program has its resources."""
    places = ("_internal/resources", "Contents/Resources/resources", "Contents/Frameworks/resources")
    return next((folder / place for place in places if (folder / place).is_dir()), folder / places[0])


def bill_place(folder: Path) -> Path:
    """Beside the executable; not at the top of a macOS bundle, whose signature allows nothing there."""
    inner = folder / "Contents" / "Resources"
    return (inner if inner.is_dir() else folder) / SBOM


def write_texts(folder: Path, found: Sequence[Licensed]) -> None:
    """The list and the texts, in place of what was there."""
    shutil.rmtree(folder, ignore_errors=True)
    listed: list[Component] = []
    own = ROOT / "resources" / "licences"
    for licensed in sorted(found, key=lambda item: item.component.name.lower()):
        component = licensed.component
        names: list[str] = []
        for title, text in licensed.texts:
            # Texts of ours, and those that many share, have names of their own; those of packages are called alike.
            base = f"{licences.normal(component.name)}/"
            is_named = (own / title).is_file() or title.startswith((debian.COMMON, base))
            name = title if is_named else base + title
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8", newline="\n")
            names.append(name)
        listed.append(
            Component(
                component.name, component.version, component.licence, component.source, tuple(names), component.package
            )
        )
    (folder / INDEX).write_text(json.dumps(to_json(listed), indent=1, ensure_ascii=False) + "\n", "utf-8", newline="\n")


def read_index(folder: Path) -> tuple[Component, ...]:
    """What `write_texts` listed."""
    return licences.from_json(tuple[Component, ...], json.loads((folder / INDEX).read_text("utf-8")))


def needs(components: Sequence[Component]) -> dict[str, list[str]]:
    """Package -> the packages among these that it needs."""
    names = {c.package for c in components if c.package}
    found: dict[str, list[str]] = {}
    for name in names:
        required = {licences.requirement_name(text) for text in metadata.distribution(name).requires or ()}
        found[name] = sorted(required & names)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
