"""What the engine is built from and with, and the key that tells two builds apart. Standard library only.

`make` reads this before there is a virtual environment, to see in a few milliseconds that nothing has changed.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).resolve().parent
LOCK_FILE = _HERE.parent / "setup" / "requirements-engine.txt"
CMAKE_INCLUDE = _HERE / "engine.cmake"
OVERRIDE = "LAUNCHER_ENGINE_CMAKE_ARGS"

# Why each: see README.md beside this file.
_COMMON_ARGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=ON",
    "-DGGML_NATIVE=ON",
    "-DGGML_RPC=ON",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_COMMON=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_TOOLS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON",
    "-DCMAKE_INSTALL_RPATH_USE_LINK_PATH=ON",
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out of a build.

    Attributes:
        sdist_sha256: of llama-cpp-python's source archive, from the lock file.
        cmake_args: configuration of the native libraries; the user's own come last and win.
        processor: system, machine and instruction flags, because GGML_NATIVE builds for exactly this processor.
        include: content of engine.cmake.
    """

    version: str
    sdist_sha256: str
    cmake_args: tuple[str, ...]
    processor: str
    include: str

    @property
    def key(self) -> str:
        """Names the build in the user's cache."""
        parts = (self.version, self.sdist_sha256, *self.cmake_args, self.processor, self.include)
        return f"{self.version}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:16]}"


def recipe(env: Mapping[str, str] = os.environ, pack_args: Sequence[str] = ()) -> Recipe:
    """The build that this machine and these settings ask for, or with `pack_args` that of an engine pack for any machine."""
    version, sha256 = locked_source(LOCK_FILE.read_text("utf-8"))
    rpath = "@loader_path" if sys.platform == "darwin" else "$ORIGIN"
    arguments = [*_COMMON_ARGS, f"-DCMAKE_INSTALL_RPATH={rpath}", *(pack_args or _gpu_args(env))]
    arguments += shlex.split(env.get(OVERRIDE, ""))
    return Recipe(version, sha256, tuple(arguments), processor(), CMAKE_INCLUDE.read_text("utf-8"))


def locked_source(lock: str) -> tuple[str, str]:
    """Version and sha256 of the source archive in requirements-engine.txt."""
    found = re.search(r"^llama-cpp-python==(\S+)[^#]*?--hash=sha256:([0-9a-f]{64})", lock, re.MULTILINE)
    if found is None:
        raise ValueError(f"{LOCK_FILE.name} does not pin llama-cpp-python with a hash")
    return found[1], found[2]


def _gpu_args(env: Mapping[str, str]) -> list[str]:
    """CUDA where both the driver and the compiler are there. Metal is ggml's own default on macOS."""
    toolkit = env.get("CUDA_HOME") or env.get("CUDA_PATH") or "/usr/local/cuda"
    search = os.pathsep.join((env.get("PATH", os.defpath), str(Path(toolkit, "bin"))))
    nvcc = shutil.which("nvcc", path=search)
    has_driver = Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi", path=search)
    if not nvcc or not has_driver:
        return []
    return ["-DGGML_CUDA=ON", f"-DCMAKE_CUDA_COMPILER={Path(nvcc).as_posix()}"]


def processor() -> str:
    """System, machine type and a digest of the processor's name and instruction flags."""
    if sys.platform == "linux":
        # "flags" on x86, "Features" on ARM; frequencies and the like change from one reading to the next.
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        kept = {line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))}
        told = "\n".join(sorted(kept))
    elif sys.platform == "darwin":
        names = ("machdep.cpu.brand_string", "hw.optional")
        told = "".join(subprocess.run(["sysctl", n], capture_output=True, text=True).stdout for n in names)
    else:
        told = platform.processor()
    digest = hashlib.sha256(told.encode()).hexdigest()[:16]
    return f"{platform.system()}-{platform.machine()}-{digest}"
