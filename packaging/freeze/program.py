"""Makes the frozen folder: PyInstaller, engine packs, licences, checks, and the archive. Run by freeze.py in its environment."""

from __future__ import annotations

import argparse
import filecmp
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_HERE = Path(__file__).resolve().parent
ROOT = _HERE.parents[1]
sys.path[:0] = [str(_HERE), str(ROOT)]

import check  # noqa: E402 - the folders above are scripts, not packages
import contents  # noqa: E402
import elf  # noqa: E402
import tarball  # noqa: E402

from launcher.engine.packs import FOLDER, MANIFEST, Pack, binding_version, read_pack, verify_content  # noqa: E402

NAME = "launcher"
_WORK = ROOT / "build" / "freeze"
_PACKS = ROOT / "build" / "engines"
_ENGINE_BUILD = ROOT / "packaging" / "engine" / "build.py"
_LICENCES = ROOT / "packaging" / "licences" / "collect.py"


class ProgramError(Exception):
    """The program cannot be made, or must not be shipped; the text is for the person who freezes."""


def main(arguments: Sequence[str]) -> int:
    """Make it; the finished folder replaces the one of before in one step."""
    parser = argparse.ArgumentParser(prog="program.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--packs", type=Path)
    parser.add_argument("--tarball", action="store_true")
    options = parser.parse_args(arguments)
    os.environ["SOURCE_DATE_EPOCH"] = str(source_time())
    try:
        packs = shipped_packs(options.packs or built_packs())
        dress()
        folder = frozen()
        strip_python(folder)
        inside = folder / "Contents" / "Resources" if sys.platform == "darwin" else folder
        for pack in packs:
            add_pack(pack, inside / FOLDER / pack.name)
        add_licences(folder)
        must_be_complete(folder)
        target = replaced(folder, options.out / folder.name)
        print(f"freeze: ready: {target}", flush=True)
        if options.tarball and sys.platform == "linux":
            print(f"freeze: ready: {tarball.make(target, options.out)}", flush=True)
    except ProgramError as error:
        print(f"freeze: {error}", file=sys.stderr)
        return 1
    return 0


def source_time() -> int:
    """Seconds since 1970 that everything made is dated with: SOURCE_DATE_EPOCH, else the time of the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    asked = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True)
    if asked.returncode == 0 and asked.stdout.strip():
        return int(asked.stdout)
    return int((ROOT / "CHANGELOG.md").stat().st_mtime)  # an unpacked archive of the sources


def dress() -> None:
    """Make the icon and the description that Windows and macOS want inside a program."""
    scripts = {"win32": ["windows/make_resources.py"], "darwin": ["macos/make_icon.py"]}.get(sys.platform, [])
    for script in scripts:
        icons = ROOT / "build" / "icons"
        if subprocess.call([sys.executable, str(ROOT / "packaging" / script), str(icons)], cwd=ROOT):
            raise ProgramError(f"packaging/{script} failed; its lines are above")


def frozen() -> Path:
    """Run PyInstaller; returns the folder (on macOS the bundle), aside in build/freeze."""
    aside = _WORK / "dist"
    for leftover in (aside, _WORK / "work"):  # its cache has been wrong about removed files
        shutil.rmtree(leftover, ignore_errors=True)
    places = ["--distpath", str(aside), "--workpath", str(_WORK / "work")]
    command = [
        sys.executable,
        "-m",
        "PyInstaller",
        "--noconfirm",
        "--log-level",
        "WARN",
        *places,
        str(_HERE / "launcher.spec"),
    ]
    environment = {
        **os.environ,
        # Sets are written into compiled modules in the order of their hashes.
        "PYTHONHASHSEED": "0",
        # Modules need not be unpacked at each start, and an archive compresses better what is not compressed yet.
        "PYINSTALLER_ZLIB_COMPRESSION_LEVEL": "0",
    }
    done = subprocess.run(command, cwd=ROOT, env=environment)
    if done.returncode:
        raise ProgramError(f"PyInstaller failed ({done.returncode}); its lines are above")
    return aside / (contents.BUNDLE if sys.platform == "darwin" else NAME)


def strip_python(folder: Path) -> None:
    """Take the debugging symbols out of Python's own libraries (an interpreter built from source has 25 MB of them), and where it was installed.

    Nothing else is touched: wheels bring their libraries stripped, and some with a layout that `strip` damages.
    """
    tool = shutil.which("strip")
    if sys.platform != "linux" or not tool:
        return
    inside = folder / "_internal"
    libraries = [*inside.glob("libpython*.so*"), *inside.glob("python3*/lib-dynload/*.so")]
    if subprocess.call([tool, "--strip-unneeded", *map(str, libraries)]):
        raise ProgramError(f"{tool} failed; its lines are above")
    for library in libraries:
        elf.drop_search_paths(library)


# --- engine packs -----------------------------------------------------------------------------------------------------


def built_packs() -> Path:
    """The folder with packs of our own making; those that are missing are compiled (about 20 minutes each on 2 cores)."""
    for name in contents.SHIPPED_PACKS:
        if not (_PACKS / name / MANIFEST).exists():
            command = [sys.executable, str(_ENGINE_BUILD), "--pack", name, str(_PACKS / name)]
            if subprocess.call([*command, "--keep", str(ROOT / "build" / "engine-objects")]):
                raise ProgramError(f"the engine pack {name} could not be built")
    return _PACKS


def shipped_packs(place: Path) -> list[Pack]:
    """Those every program has, read and verified.

    Raises:
        ProgramError: one is missing, damaged or for another binding.
    """
    packs = [read_pack(place / name) for name in contents.SHIPPED_PACKS]
    for pack in packs:
        problem = pack.problem or verify_content(pack)
        if not problem and pack.version != binding_version():
            problem = f"It is for llama-cpp-python {pack.version}; this is {binding_version()}."
        if problem:
            raise ProgramError(f"the engine pack in {pack.folder} cannot be used: {problem}")
    return packs


def add_pack(pack: Pack, target: Path) -> None:
    """Copy it; a file that another pack beside it has as well becomes a second name of that one (not on Windows)."""
    target.mkdir(parents=True)
    names = [file.name for file in pack.manifest.files] if pack.manifest else []
    for source in [pack.folder / name for name in (*names, MANIFEST)]:
        twins = [p for p in sorted(target.parent.glob(f"*/{source.name}")) if filecmp.cmp(p, source, shallow=False)]
        if twins and os.name != "nt":
            os.link(twins[0], target / source.name)
        else:
            shutil.copyfile(source, target / source.name)


def add_licences(folder: Path) -> None:
    """The licence texts of everything inside, and its list of parts."""
    if subprocess.call([sys.executable, str(_LICENCES), str(folder)], cwd=ROOT):
        raise ProgramError("something inside has no licence text (above)")


def must_be_complete(folder: Path) -> None:
    """Sizes and what the program needs from the system, printed.

    Raises:
        ProgramError: something is missing.
    """
    if check.report(folder):
        raise ProgramError("the folder is not complete (above)")


def replaced(fresh: Path, target: Path) -> Path:
    """Move the folder to its place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(target, ignore_errors=True)
    shutil.move(fresh, target)
    return target


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
