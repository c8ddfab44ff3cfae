"""The engine packs: what each is configured with and what a computer needs for it. Standard library only.

All are built with backends as modules (GGML_BACKEND_DL), the processor's code in every variant of which ggml takes the best at run
time, and nothing for the computer that builds (GGML_NATIVE=OFF). `cpu` and `vulkan` were built and run; the others are written
after ggml's own build files and NVIDIA's, AMD's and Apple's documentation and were not run yet (`was_run`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PORTABLE = ("-DGGML_NATIVE=OFF", "-DGGML_BACKEND_DL=ON", "-DGGML_CPU_ALL_VARIANTS=ON")

# Oldest driver that runs programs of a CUDA release (NVIDIA, CUDA Compatibility, minor version compatibility).
_CUDA_DRIVERS = {11: ("450.80", "452.39"), 12: ("525.60", "528.33"), 13: ("580.65", "580.65")}
# Libraries of the toolkit that a driver does not bring: they travel in the pack.
_CUDA_LIBRARIES = ("cudart", "cublas", "cublasLt")
# Cards that ROCm 6 and 7 support officially, and RDNA 1 to 3 where the same code objects are known to work.
_AMD_TARGETS = "gfx908;gfx90a;gfx942;gfx1010;gfx1030;gfx1100;gfx1101;gfx1102;gfx1151;gfx1200;gfx1201"


@dataclass(frozen=True)
class PackRecipe:
    """One pack.

    Attributes:
        cmake_args: beyond those of every build (recipe.py).
        needs: for the manifest, found out when it is built; see launcher/engine/packs.py.
        libraries: files beside the build's own that must be in the pack.
        was_run: built and run by us; False: a recipe only.
    """

    cmake_args: tuple[str, ...]
    needs: Callable[[Mapping[str, str]], dict[str, str]] = field(default=lambda _env: {})
    libraries: Callable[[Mapping[str, str]], list[Path]] = field(default=lambda _env: [])
    was_run: bool = False


def _cuda_version(env: Mapping[str, str]) -> tuple[int, int]:
    """Of the toolkit's compiler; (0, 0) without one."""
    search = os.pathsep.join((env.get("PATH", os.defpath), str(cuda_home(env) / "bin")))
    compiler = shutil.which("nvcc", path=search)
    told = subprocess.run([compiler, "--version"], capture_output=True, text=True).stdout if compiler else ""
    found = re.search(r"release (\d+)\.(\d+)", told)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def cuda_home(env: Mapping[str, str]) -> Path:
    """Where the toolkit is."""
    return Path(env.get("CUDA_HOME") or env.get("CUDA_PATH") or "/usr/local/cuda")


def _cuda_needs(env: Mapping[str, str]) -> dict[str, str]:
    drivers = _CUDA_DRIVERS.get(_cuda_version(env)[0])
    return {"nvidia_driver": drivers[sys.platform == "win32"]} if drivers else {}


def _cuda_libraries(env: Mapping[str, str]) -> list[Path]:
    """The real files, under the names that the linker wrote down (libcublas.so.12)."""
    home, major = cuda_home(env), _cuda_version(env)[0]
    if sys.platform == "win32":
        return [p for name in _CUDA_LIBRARIES for p in sorted((home / "bin").rglob(f"{name}64_{major}*.dll"))]
    folders = (home / "lib64", home / "targets" / "x86_64-linux" / "lib")
    return [p for name in _CUDA_LIBRARIES if (p := _first(folders, f"lib{name}.so.{major}"))]


def _first(folders: tuple[Path, ...], name: str) -> Path | None:
    return next((folder / name for folder in folders if (folder / name).exists()), None)


def _rocm_needs(env: Mapping[str, str]) -> dict[str, str]:
    """HIP promises that programs run with a later minor release of the same runtime."""
    try:
        version = Path(env.get("ROCM_PATH", "/opt/rocm"), ".info", "version").read_text("utf-8")
    except OSError:
        return {}
    return {"rocm": ".".join(version.strip().split(".")[:2])}


PACKS: dict[str, PackRecipe] = {
    # Every x86-64 from 2003 on; on ARM the variants of that processor family.
    "cpu": PackRecipe(_PORTABLE, was_run=True),
    "vulkan": PackRecipe((*_PORTABLE, "-DGGML_VULKAN=ON"), was_run=True),
    # Architectures: ggml's own list for builds that are not native, Maxwell to Blackwell. Kernels for all quantisations of a cache.
    "cuda": PackRecipe(
        (*_PORTABLE, "-DGGML_CUDA=ON", "-DGGML_CUDA_FA_ALL_QUANTS=ON", "-DCMAKE_CUDA_RUNTIME_LIBRARY=Shared"),
        _cuda_needs,
        _cuda_libraries,
    ),
    "rocm": PackRecipe((*_PORTABLE, "-DGGML_HIP=ON", f"-DGPU_TARGETS={_AMD_TARGETS}"), _rocm_needs),
    # The shaders lie inside the library; 13.3 is what ggml's own releases are built for.
    "metal": PackRecipe(
        (*_PORTABLE, "-DGGML_METAL=ON", "-DGGML_METAL_EMBED_LIBRARY=ON", "-DCMAKE_OSX_DEPLOYMENT_TARGET=13.3"),
        lambda _env: {"macos": "13.3"},
    ),
    # As `make` builds it: for this computer only. Variables that add arguments make it any other engine, for tests.
    "native": PackRecipe((), was_run=True),
}
