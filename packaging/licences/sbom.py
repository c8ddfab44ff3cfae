"""A software bill of materials: CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/). The same components, the same bytes."""

from __future__ import annotations

import datetime
import json
import os
import re
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from launcher import __version__
from launcher.services.licences import Component, normal

# The identifiers of SPDX that occur; what is not here is given as a name, which every reader takes.
_SPDX = frozenset(
    [
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "Bitstream-Vera",
        "blessing",
        "bzip2-1.0.6",
        "GCC-exception-3.1",
        "GPL-3.0-or-later",
        "CC0-1.0",
        "GPL-2.0-only",
        "GPL-3.0-only",
        "ISC",
        "LGPL-3.0-only",
        "LGPL-2.1-only",
        "LGPL-2.1-or-later",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "OFL-1.1",
        "PSF-2.0",
        "Unicode-DFS-2016",
        "Zlib",
    ]
)
_SAME = {
    "MIT License": "MIT",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD License",
}
_WORD = re.compile(r"[A-Za-z0-9.+-]+")
_APPLICATION = "launcher"


def write(
    path: Path,
    components: Sequence[Component],
    needs: Mapping[str, Sequence[str]],
    debian: str,
    places: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Write it.

    Args:
        path: the file.
        components: everything that is shipped, without the program itself.
        needs: package (normal name) -> the packages that it needs.
        debian: the system whose packages the components without a Python package may be from ("" for none).
        places: name of a component -> its files, from the program's folder on; `leave_out` goes by them.
    """
    refs = {component.name: _reference(component, debian) for component in components}
    by_package = {normal(c.package): refs[c.name] for c in components if c.package}
    files = places or {}
    entries = [_entry(component, refs[component.name], files.get(component.name, ())) for component in components]
    edges = [
        {
            "ref": refs[component.name],
            "dependsOn": sorted({by_package[n] for n in needs.get(component.package, ()) if n in by_package}),
        }
        for component in components
    ]
    root = f"{_APPLICATION}@{__version__}"
    metadata: dict[str, Any] = {
        "component": {
            "type": "application",
            "bom-ref": root,
            "name": _APPLICATION,
            "version": __version__,
            "licenses": [{"license": {"id": "MIT"}}],
        },
    }
    if stamp := os.environ.get("SOURCE_DATE_EPOCH"):
        moment = datetime.datetime.fromtimestamp(int(stamp), datetime.UTC)
        metadata = {"timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), **metadata}
    content: dict[str, Any] = {
        "metadata": metadata,
        "components": sorted(entries, key=lambda e: str(e["bom-ref"])),
        "dependencies": sorted(
            [{"ref": root, "dependsOn": sorted(refs.values())}, *edges], key=lambda e: str(e["ref"])
        ),
    }
    _write(path, content)


def add(path: Path, components: Sequence[Component], debian: str) -> None:
    """Add components without Python packages to a bill that was written; those of the same name are replaced."""
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    content: dict[str, Any] = {key: document[key] for key in ("metadata", "components", "dependencies")}
    root = content["metadata"]["component"]["bom-ref"]
    for component in components:
        reference = _reference(component, debian)
        content["components"] = [
            *(entry for entry in content["components"] if entry["name"] != component.name),
            _entry(component, reference),
        ]
        edges: list[dict[str, Any]] = [edge for edge in content["dependencies"] if edge["ref"] != reference]
        edges.append({"ref": reference, "dependsOn": []})
        content["dependencies"] = edges
        top = next(edge for edge in edges if edge["ref"] == root)
        top["dependsOn"] = sorted({*top["dependsOn"], reference})
    for name, key in (("components", "bom-ref"), ("dependencies", "ref")):
        content[name] = sorted(content[name], key=lambda entry, key=key: str(entry[key]))
    _write(path, content)


def leave_out(path: Path, folder: Path) -> frozenset[str]:
    """Take the components out of a bill whose files, as far as it names them, are no longer in `folder`; returns their names."""
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    gone: dict[str, str] = {}  # reference -> name
    for entry in document["components"]:
        if occurrences := entry.get("evidence", {}).get("occurrences"):
            left = [each for each in occurrences if (folder / each["location"]).exists()]
            entry["evidence"]["occurrences"] = left
            if not left:
                gone[entry["bom-ref"]] = entry["name"]
    edges = [
        {**edge, "dependsOn": [ref for ref in edge["dependsOn"] if ref not in gone]}
        for edge in document["dependencies"]
        if edge["ref"] not in gone
    ]
    entries = [entry for entry in document["components"] if entry["bom-ref"] not in gone]
    _write(path, {"metadata": document["metadata"], "components": entries, "dependencies": edges})
    return frozenset(gone.values())


def _write(path: Path, content: Mapping[str, Any]) -> None:
    # The number is made from the content, so that the same content has the same number.
    number = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(content, sort_keys=True))
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
    }
    document = {**head, "serialNumber": f"urn:uuid:{number}", "version": 1, **content}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _reference(component: Component, debian: str) -> str:
    """A package address where there is one (https://github.com/package-url/purl-spec), else name and version."""
    if component.package:
        return f"pkg:pypi/{component.package}@{component.version}"
    if debian and component.source.startswith("https://snapshot.debian.org/"):
        version = component.version.replace("+", "%2B").replace(":", "%3A")
        return f"pkg:deb/{debian}/{component.name}@{version}"
    name = re.sub(r"[^A-Za-z0-9.]+", "-", component.name).strip("-").lower()
    return f"{name}@{component.version}" if component.version else name


def _entry(component: Component, reference: str, places: Sequence[str] = ()) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "library", "bom-ref": reference, "name": component.name}
    if component.version:
        entry["version"] = component.version
    entry["licenses"] = [_licence(component.licence)]
    if reference.startswith("pkg:"):
        entry["purl"] = reference
    if component.source.startswith("https://"):
        entry["externalReferences"] = [{"type": "website", "url": component.source}]
    if places:
        entry["evidence"] = {"occurrences": [{"location": place} for place in sorted(places)]}
    return entry


def _licence(text: str) -> dict[str, Any]:
    text = _SAME.get(text, text)
    if text in _SPDX:
        return {"license": {"id": text}}
    words = _WORD.findall(text)
    is_expression = " " in text and all(w in _SPDX or w in ("AND", "OR", "WITH") for w in words)
    return {"expression": text} if is_expression else {"license": {"name": text}}
