"""Ollama: manifests name blobs, which are GGUF files under their checksum.

    <models>/manifests/<host>/<namespace>/<model>/<tag>   JSON: {"layers": [{"mediaType", "digest", "size"}, ...]}
    <models>/blobs/sha256-<64 hex digits>                 (`…-partial*` while fetched)

<models> is OLLAMA_MODELS, else ~/.ollama/models (envconfig/config.go); of Linux services /usr/share/ollama/.ollama/models
(scripts/install.sh, docs/faq.mdx), /var/lib/ollama (Arch's unit) or /var/lib/ollama/models (nixpkgs). Names, digests and
which parts of a name are left out when shown: types/model/name.go, manifest/paths.go, server/images.go of ollama fb30760.
Only layers of the model's media type are models: adapters and projectors are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from launcher.core.downloads import Origin
from launcher.downloads.library.tools.candidate import Candidate, folders_in, is_regular
from launcher.downloads.library.tools.environment import Environment
from launcher.downloads.library.tools.small_file import as_list, as_object, read_object

_MODEL = "application/vnd.ollama.image.model"
_DIGEST = re.compile(r"sha256[:-]([0-9a-fA-F]{64})")
_PART = re.compile(r"\w[\w.:-]{0,349}", re.ASCII)
_HOST, _NAMESPACE, _TAG = "registry.ollama.ai", "library", "latest"
_MAX_TAGS = 10_000


def find(environment: Environment) -> Iterator[Candidate]:
    """Models in every store of this machine."""
    chosen = environment.folder("OLLAMA_MODELS")
    stores = [chosen] if chosen else []
    stores.append(environment.home / ".ollama" / "models")
    if environment.platform == "linux":
        system = ("usr/share/ollama/.ollama/models", "var/lib/ollama", "var/lib/ollama/models")
        stores += [environment.root / folder for folder in system]
    for store in dict.fromkeys(stores):
        yield from models_in(store)


def models_in(store: Path) -> Iterator[Candidate]:
    """Models in one store; a blob with several names is one model, under the name that says most."""
    names: dict[Path, list[str]] = {}
    for manifest, name in _tags(store):
        digest = _model_digest(manifest)
        if digest:
            names.setdefault(store / "blobs" / f"sha256-{digest}", []).append(name)
    for blob, known_as in names.items():
        if is_regular(blob):
            yield Candidate(Origin.OLLAMA, (blob,), name=min(known_as, key=_plainness))


def _tags(store: Path) -> Iterator[tuple[Path, str]]:
    """Every manifest with its name as Ollama shows it."""
    left = _MAX_TAGS
    for host in folders_in(store / "manifests"):
        for namespace in folders_in(host):
            for model in folders_in(namespace):
                for manifest in _files(model):
                    parts = (host.name, namespace.name, model.name, manifest.name)
                    left -= 1
                    if left < 0:
                        return
                    if all(_PART.fullmatch(part) for part in parts):
                        yield manifest, _shown(*parts)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if is_regular(p))
    except OSError:
        return []


def _shown(host: str, namespace: str, model: str, tag: str) -> str:
    if host.lower() != _HOST:
        return f"{host}/{namespace}/{model}:{tag}"
    return f"{model}:{tag}" if namespace.lower() == _NAMESPACE else f"{namespace}/{model}:{tag}"


def _plainness(name: str) -> tuple[bool, int, str]:
    """Sorts names: "deepseek-r1:8b" before "deepseek-r1:8b-0528-qwen3-q4_K_M" before "deepseek-r1:latest"."""
    return name.endswith(f":{_TAG}"), len(name), name


def _model_digest(manifest: Path) -> str | None:
    """The checksum of the model's layer (Ollama takes the last one), in lower case; None where there is none."""
    digest: str | None = None
    for entry in as_list(read_object(manifest).get("layers")):
        layer = as_object(entry)
        text = layer.get("digest")
        found = _DIGEST.fullmatch(text) if isinstance(text, str) else None
        if layer.get("mediaType") == _MODEL and found:
            digest = found[1].lower()
    return digest
