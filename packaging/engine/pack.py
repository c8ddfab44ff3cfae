"""Makes an engine pack: a folder of libraries with its manifest, tried before it is kept. Used by build.py."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pack_recipes import PACKS, PackRecipe
from recipe import Recipe

from launcher.core.codec import to_json
from launcher.engine.packs import (
    BACKENDS,
    FORMAT,
    MANIFEST,
    Manifest,
    PackFile,
    backends_of,
    library_names,
    read_pack,
)
from launcher.engine.surroundings import this_system

# The defaults are those of this very version (see build.py); backends are modules here, so they are loaded first. Prints the native
# library's version.
_TRIAL = """
import ctypes, sys
from pathlib import Path
import llama_cpp.llama_cpp as l
folder = Path(sys.argv[1])
name = {"win32": "ggml.dll", "darwin": "libggml.dylib"}.get(sys.platform, "libggml.so")
ggml = ctypes.CDLL(str(folder / name))
ggml.ggml_backend_reg_count.restype = ctypes.c_size_t
if ggml.ggml_backend_reg_count() == 0:
    ggml.ggml_backend_load_all_from_path(ctypes.c_char_p(str(folder).encode()))
l.llama_backend_init()
m, c = l.llama_model_default_params(), l.llama_context_default_params()
assert (m.n_gpu_layers, m.load_mode, c.n_batch) == (-1, -1, 2048), (m.n_gpu_layers, m.load_mode, c.n_batch)
assert ggml.ggml_backend_dev_count() > 0, "it lists no device, not even the processor"
assert l.llama_supports_rpc(), "built without RPC"
print((l.llama_version() or b"").decode())
"""


class PackFailedError(Exception):
    """The pack is not what it should be; the text is for the person who builds."""


def fill(
    folder: Path,
    name: str,
    wanted: Recipe,
    libraries: Sequence[Path],
    source: Path,
    try_out: Callable[[Path, Path], str] | None = None,
) -> None:
    """Copy the libraries into `folder`, try them and write the manifest.

    Args:
        folder: exists, and is empty.
        name: of the pack, one of `PACKS`.
        wanted: what it was built from.
        libraries: that came out of the build.
        source: the binding's source, for the trial.
        try_out: (folder, source) -> version of llama.cpp; for tests.

    Raises:
        PackFailedError: a backend is missing, or the libraries do not work.
    """
    recipe = PACKS[name]
    for library in [*libraries, *recipe.libraries(os.environ)]:
        shutil.copy2(library, folder / library.name)
    llama_cpp = (try_out or trial)(folder, source)
    manifest = _manifest(folder, name, recipe, wanted, llama_cpp)
    (folder / MANIFEST).write_text(json.dumps(to_json(manifest), indent=1) + "\n", "utf-8")
    problem = read_pack(folder).problem
    if problem:
        raise PackFailedError(f"the program would not accept this pack: {problem}")
    missing = [b for b in (name,) if b in BACKENDS and b not in manifest.backends]
    if missing:
        raise PackFailedError(f"there is no library for {missing[0]}: {', '.join(library_names(folder))}")


def trial(folder: Path, source: Path) -> str:
    """Load the pack with its binding; returns the native library's version.

    Raises:
        PackFailedError: with the last words.
    """
    environment = {**os.environ, "LLAMA_CPP_LIB_PATH": str(folder), "PYTHONPATH": str(source)}
    command = [sys.executable, "-c", _TRIAL, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise PackFailedError(f"the pack does not work ({done.returncode}):\n{done.stderr[-2000:]}")
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def _manifest(folder: Path, name: str, recipe: PackRecipe, wanted: Recipe, llama_cpp: str) -> Manifest:
    names = library_names(folder)
    system, machine = this_system()
    return Manifest(
        format=FORMAT,
        name=name,
        backends=backends_of(names),
        binding_version=wanted.version,
        system=system,
        machine=machine,
        files=tuple(_file(folder / n) for n in names),
        llama_cpp=llama_cpp,
        build_flags=tuple(a for a in wanted.cmake_args if a.startswith(("-DGGML_", "-DGPU_", "-DCMAKE_CUDA_A"))),
        needs=recipe.needs(os.environ),
    )


def _file(path: Path) -> PackFile:
    with path.open("rb") as stream:
        return PackFile(path.name, path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())
