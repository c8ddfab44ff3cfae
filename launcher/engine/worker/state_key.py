"""What a KV state was made by: with another model, engine or kind of cache it means nothing, or something else."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from launcher.engine.worker.binding import Binding
from launcher.engine.worker.model import NativeModel

_HEAD_BYTES = 2**20
_SAMPLES = 32
_SAMPLE_BYTES = 4096
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")


def state_key(native: NativeModel, path: str) -> str:
    """Hexadecimal digest of all that a state depends on; reads about 1 MB of each file.

    Where the layers are (which devices, experts on the processor) is not in it: every device keeps the same values in the
    same form. Whether flash attention is on decides how V lies in the cache, and llama.cpp's reader compares that itself.

    Args:
        native: the loaded model.
        path: its file, or the first of its shards.

    Raises:
        OSError: a file cannot be read any more.
    """
    placement = native.placement
    facts: dict[str, object] = {
        "model": [_file_identity(shard) for shard in shards_of(Path(path))],
        "engine": [native.binding.engine_version, _library_digest(native.binding)],
        "cache": [placement.kv_type_k, placement.kv_type_v, placement.mtp, native.flash_attention_off],
    }
    if native.metadata(f"{native.metadata('general.architecture')}.rope.scaling.type") == "longrope":
        facts["n_ctx"] = native.n_ctx  # the rotation of keys depends on it
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def shards_of(path: Path) -> list[Path]:
    """All files of a model; the one file, where it is not a set."""
    match = _SHARD.search(path.name)
    if not match:
        return [path]
    stem = path.name[: match.start()]
    count = int(match.group(2))
    return [path.with_name(f"{stem}-{i:05}-of-{count:05}.gguf") for i in range(1, count + 1)]


def _file_identity(path: Path) -> list[object]:
    """Size, and a digest of the head and of samples all over the weights: a re-tuned model differs in every tensor."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        digest.update(file.read(_HEAD_BYTES))
        for i in range(_SAMPLES):
            file.seek(size * i // _SAMPLES)
            digest.update(file.read(_SAMPLE_BYTES))
        file.seek(max(0, size - _SAMPLE_BYTES))
        digest.update(file.read(_SAMPLE_BYTES))
    return [size, digest.hexdigest()]


def _library_digest(binding: Binding) -> str:
    """Of the llama library itself: two builds of one version may keep their caches differently."""
    digest = hashlib.sha256()
    for name in ("libllama.so", "libllama.dylib", "llama.dll", "libllama.dll"):
        file = binding.library_path / name
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()
