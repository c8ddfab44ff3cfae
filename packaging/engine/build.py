"""Builds the engine once per recipe into the user's cache and installs it into the environment that runs this.

Run by `make` with the project's own interpreter; needs cmake, ninja and scikit-build-core in it, and a C++ compiler.
A build happens aside and is moved into place in one step, so that it may be killed at any moment, and two at once are safe.

`--pack NAME FOLDER` builds an engine pack (pack_recipes.py) into a new folder; nothing is installed. The launcher finds it in the
`engines` folder of its data, in a folder that LAUNCHER_ENGINE_PACKS names, or takes it from LLAMA_CPP_LIB_PATH.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType

_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE.parent / "setup"), str(_HERE.parents[1])]

from exclusive import exclusive  # noqa: E402 - the two folders above are scripts, not packages
from pack import PackFailedError, fill  # noqa: E402
from pack_recipes import PACKS  # noqa: E402
from recipe import CMAKE_INCLUDE, LOCK_FILE, Recipe, recipe  # noqa: E402

from launcher.core.paths import cache_dir  # noqa: E402

_PROGRESS_EVERY_S = 5.0
_TAIL_LINES = 25
_STEP = re.compile(r"^\[(\d+)/(\d+)\]")

# What must be true of a build before it is kept. The defaults are those of this very version: struct layouts change with
# every release, and a binding that reads the wrong library shows here instead of crashing later.
_SMOKE_TEST = """
import llama_cpp as l
l.llama_backend_init()
m, c = l.llama_model_default_params(), l.llama_context_default_params()
assert (m.n_gpu_layers, m.load_mode, c.n_batch) == (-1, -1, 2048), (m.n_gpu_layers, m.load_mode, c.n_batch)
assert l.llama_supports_rpc(), "built without RPC"
print(l.llama_print_system_info().decode())
"""


class EngineBuildError(Exception):
    """A build step failed; the text is for the user and ends with the step's own last words."""


def say(text: str) -> None:
    """One line to the person who waits."""
    print(f"engine: {text}", flush=True)


def ensure_wheel(wanted: Recipe, home: Path) -> Path:
    """The wheel of `wanted` in the cache folder `home`, built first if it is not there.

    Raises:
        EngineBuildError: with the failing step, the last lines of its output and where the whole log is.
    """
    ready = home / wanted.key
    with exclusive(home / "lock", lambda: say("waiting for another build to finish")):
        for wheel in ready.glob("*.whl"):
            return wheel
        for leftover in home.glob("building-*"):  # of a build that was killed: the lock is ours, so it is nobody's
            shutil.rmtree(leftover)
        with tempfile.TemporaryDirectory(prefix="building-", dir=home) as work:
            wheel = _build(wanted, Path(work), home / f"{wanted.key}.log")
            ready.mkdir(exist_ok=True)
            return wheel.replace(ready / wheel.name)


def _build(wanted: Recipe, work: Path, log: Path) -> Path:
    log.write_text("", "utf-8")
    started = time.monotonic()
    say(f"building llama.cpp {wanted.version} for this processor; once, then it is reused (log: {log})")
    source = fetch_source(work, log)
    libraries = compile_libraries(source / "vendor" / "llama.cpp", work / "native", wanted.cmake_args, log)
    wheel = pack_wheel(source, libraries, work / "wheel", log)
    say(f"built in {time.monotonic() - started:.0f} s")
    return wheel


def make_pack(name: str, folder: Path, keep: Path | None = None) -> None:
    """Build a pack into `folder`, which must not exist yet; it appears in one step.

    Args:
        name: one of `PACKS`.
        folder: of the pack.
        keep: a folder for source and object files: the next pack from there compiles only what is different in it.

    Raises:
        EngineBuildError: a step failed, or the folder exists.
    """
    if folder.exists():
        raise EngineBuildError(f"{folder} exists already")
    folder.parent.mkdir(parents=True, exist_ok=True)
    wanted = recipe(pack_args=PACKS[name].cmake_args)
    if not PACKS[name].was_run:
        say(f"{name} is a recipe that nobody of us has run yet: please tell how it went")
    log = folder.with_name(folder.name + ".log")
    log.write_text("", "utf-8")
    with tempfile.TemporaryDirectory(prefix="building-", dir=folder.parent) as aside:
        work = keep or Path(aside)
        work.mkdir(parents=True, exist_ok=True)
        source = _kept_source(work, wanted) or fetch_source(work, log)
        # One build folder for all packs: what is switched off again must not be found in it, nor remembered as on.
        shutil.rmtree(work / "native" / "bin", ignore_errors=True)
        (work / "native" / "CMakeCache.txt").unlink(missing_ok=True)
        arguments = [*without_paths(work), *wanted.cmake_args]
        libraries = compile_libraries(source / "vendor" / "llama.cpp", work / "native", arguments, log)
        pack = Path(aside) / "pack"
        pack.mkdir()
        try:
            fill(pack, name, wanted, libraries, source)
        except PackFailedError as error:
            raise EngineBuildError(f"{error}\nWhole log: {log}") from error
        pack.rename(folder)


def without_paths(work: Path) -> list[str]:
    """Arguments that keep the folder of the build out of the libraries (asserts name their file): the same bytes wherever it was.

    Not for Visual Studio's compiler, which knows no such flag.
    """
    if os.name == "nt":
        return []
    return [f"-DCMAKE_{language}_FLAGS=-ffile-prefix-map={work.absolute()}=." for language in ("C", "CXX")]


def _kept_source(work: Path, wanted: Recipe) -> Path | None:
    """The source that an earlier build left in a kept folder."""
    return next((p.parent for p in work.glob(f"llama_cpp_python-{wanted.version}/vendor")), None)


def fetch_source(work: Path, log: Path) -> Path:
    """Download, verify and unpack the source archive; returns its folder."""
    say("fetching the source (77 MB)")
    # Without isolation pip asks the backend that is already here for metadata, instead of installing it anew for that.
    options = ("--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--require-hashes", "--no-cache-dir")
    download = work / "download"
    run([*_pip("download"), *options, "--dest", str(download), "--requirement", str(LOCK_FILE)], log)
    archive = next(download.glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extraction_filter = tarfile.data_filter
        tar.extractall(work)  # noqa: S202 - its hash was checked; Debian 12's Python has no filters yet
    return work / archive.name.removesuffix(".tar.gz")


def compile_libraries(source: Path, build: Path, cmake_args: Sequence[str], log: Path) -> list[Path]:
    """Configure and compile the native libraries; returns the shared libraries.

    Raises:
        EngineBuildError: no compiler, or the compiler refused.
    """
    # Visual Studio brings its own generator, which finds the compiler without a developer prompt.
    generator = () if os.name == "nt" and not shutil.which("cl") else ("-G", "Ninja")
    include = f"-DCMAKE_PROJECT_INCLUDE={CMAKE_INCLUDE.as_posix()}"
    # llama.cpp asks Git for its own commit and compiles it in: a repository around the source must not answer.
    alone = {"GIT_CEILING_DIRECTORIES": str(source.absolute().parent)}
    run(["cmake", "-S", str(source), "-B", str(build), *generator, include, *cmake_args], log, env=alone)
    jobs = str(parallel_jobs())
    compile_all = ["cmake", "--build", str(build), "--config", "Release", "--target", "llama", "--parallel", jobs]
    run(compile_all, log, env=alone)
    names = ("*.so", "*.dylib", "*.dll")
    return sorted(p for name in names for p in (build / "bin").rglob(name) if not p.is_symlink())


def parallel_jobs() -> int:
    """Compilers at once: one per processor that we may use, but no more than memory allows (about 1 GB each)."""
    if sys.platform != "linux":
        return os.cpu_count() or 2
    available_kib = int(re.findall(r"MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text("utf-8"))[0])
    return max(1, min(len(os.sched_getaffinity(0)), available_kib // 2**20))


def pack_wheel(source: Path, libraries: Sequence[Path], out: Path, log: Path) -> Path:
    """One wheel of the binding and the libraries, after a test that the two belong together."""
    package = source / "llama_cpp"
    (package / "lib").mkdir(exist_ok=True)
    for library in libraries:
        shutil.copy2(library, package / "lib")
    (source / ".gitignore").unlink(missing_ok=True)  # it lists lib/, and the wheel builder honours it
    run([sys.executable, "-c", _SMOKE_TEST], log, cwd=source)
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(out))
    run([*_pip("wheel"), *options, str(source)], log, env={"CMAKE_ARGS": "-DLLAMA_BUILD=OFF"})
    return next(out.glob("*.whl"))


def install(wheel: Path, log: Path) -> None:
    """Put the wheel into this interpreter's environment, replacing what is there."""
    run([*_pip("install"), "--quiet", "--no-deps", "--no-index", "--force-reinstall", str(wheel)], log)


def _pip(command: str) -> list[str]:
    return [sys.executable, "-m", "pip", command, "--disable-pip-version-check"]


def run(
    command: Sequence[str],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    report: Callable[[str], None] = say,
) -> None:
    """Run one step, its output into `log`, with a line of progress every few seconds.

    Raises:
        EngineBuildError: the step failed.
    """
    # cmake and ninja are Python packages; their programs lie beside the interpreter.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    environment = {**os.environ, "PATH": path, **(env or {})}
    tail: deque[str] = deque(maxlen=_TAIL_LINES)
    started = shown = time.monotonic()
    with (
        log.open("a", encoding="utf-8") as copy,
        subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as step,
    ):
        copy.write(f"$ {' '.join(command)}\n")
        assert step.stdout is not None  # noqa: S101 - PIPE was asked for
        try:
            for line in step.stdout:
                copy.write(line)
                tail.append(line)
                now = time.monotonic()
                if (counted := _STEP.match(line)) and now - shown >= _PROGRESS_EVERY_S:
                    shown = now
                    report(progress(int(counted[1]), int(counted[2]), now - started))
        except BaseException:
            step.kill()
            raise
    if step.returncode:
        words = "".join(tail).rstrip()
        raise EngineBuildError(f"this step failed ({step.returncode}): {' '.join(command)}\n{words}\nWhole log: {log}")


def progress(done: int, total: int, elapsed_s: float) -> str:
    """How far the compilation is, in words: `compiling 34 of 82, about 60 s left`."""
    left = elapsed_s / done * (total - done) if done else 0.0
    return f"compiling {done} of {total}, about {left:.0f} s left"


def _stop(signum: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)  # lets `run` end its child and the temporary folder go


def main(arguments: Sequence[str]) -> int:
    """Build if need be, then install; or make a pack."""
    parser = argparse.ArgumentParser(
        prog="build.py", description="Build llama.cpp for this computer, or an engine pack."
    )
    parser.add_argument(
        "--pack", nargs=2, metavar=("NAME", "FOLDER"), help=f"an engine pack into a new folder: {', '.join(PACKS)}"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep source and object files there for the next pack"
    )
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    try:
        if options.pack:
            name, place = options.pack
            return _make_named(parser, name, place, options.keep)
        wanted = recipe()
        home = cache_dir() / "engine"
        wheel = ensure_wheel(wanted, home)
        install(wheel, home / f"{wanted.key}.log")
    except EngineBuildError as error:
        print(f"engine: {error}", file=sys.stderr)
        return 1
    say(f"{wanted.key} is installed")
    return 0


def _make_named(parser: argparse.ArgumentParser, name: str, place: str, keep: Path | None) -> int:
    if name not in PACKS:
        parser.error(f"there is no pack {name!r}; known are {', '.join(PACKS)}")
    folder = Path(place).absolute()
    make_pack(name, folder, keep.absolute() if keep else None)
    say(f"ready: LLAMA_CPP_LIB_PATH={folder}, or put it into an engines folder (launcher doctor lists what is found)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
