"""Signs a frozen program and makes its setup program with Inno Setup: `python packaging/windows/installer.py dist/launcher`.

Signing happens where LAUNCHER_SIGN_COMMAND is set, once for each program and for the setup program: a command line in which {file}
stands for the file, for example

    signtool sign /fd SHA256 /tr http://timestamp.example /td SHA256 /sha1 THUMBPRINT {file}

Without it nothing is signed, and Windows warns of an unknown publisher.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_HERE = Path(__file__).resolve().parent
ROOT = _HERE.parents[1]
sys.path[:0] = [str(_HERE), str(ROOT)]

import make_resources  # noqa: E402 - the folders above are scripts, not packages

from launcher import __version__  # noqa: E402

SCRIPT = _HERE / "launcher.iss"
PROGRAMS = ("launcher.exe", "launcher-gui.exe")


def main(arguments: Sequence[str]) -> int:
    """Sign, then compile the script."""
    parser = argparse.ArgumentParser(prog="installer.py", description="Make the setup program for Windows.")
    parser.add_argument("folder", type=Path, help="the frozen program")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER", help="default: dist")
    options = parser.parse_args(arguments)
    folder: Path = options.folder.absolute()
    if missing := [name for name in PROGRAMS if not (folder / name).is_file()]:
        print(f"installer: {folder} has no {', '.join(missing)}: freeze the program on Windows first", file=sys.stderr)
        return 1
    compiler = inno_compiler(os.environ)
    if compiler is None:
        print("installer: Inno Setup 6 is not here (ISCC.exe); LAUNCHER_ISCC names it", file=sys.stderr)
        return 1
    sign = os.environ.get("LAUNCHER_SIGN_COMMAND", "")
    for name in PROGRAMS if sign else ():
        subprocess.run(sign.replace("{file}", f'"{folder / name}"'), shell=True, check=True)  # noqa: S602 - the builder's own command
    icons = ROOT / "build" / "icons"
    make_resources.main([str(icons)])
    command = compile_command(compiler, folder, options.out.absolute(), icons / "launcher.ico", sign)
    print("installer:", shlex.join(command), flush=True)
    return subprocess.call(command)


def inno_compiler(env: Mapping[str, str]) -> str | None:
    """Where Inno Setup's compiler is."""
    named = [env["LAUNCHER_ISCC"]] if env.get("LAUNCHER_ISCC") else []
    usual = [
        str(Path(env[key], "Inno Setup 6", "ISCC.exe")) for key in ("ProgramFiles(x86)", "ProgramFiles") if env.get(key)
    ]
    return next((path for path in [*named, *usual] if Path(path).is_file()), shutil.which("ISCC"))


def compile_command(compiler: str, folder: Path, out: Path, icon: Path, sign: str) -> list[str]:
    """The compiler's command line; every name that launcher.iss uses is defined here."""
    numbers = ".".join(map(str, make_resources.four_numbers(__version__)))
    defined = {
        "Version": __version__,
        "VersionNumbers": numbers,
        "Source": str(folder),
        "Out": str(out),
        "Icon": str(icon),
    }
    command = [compiler, *(f"/D{name}={value}" for name, value in defined.items())]
    if sign:
        # Inno Setup writes $q for a quotation mark and $f for the quoted file.
        command += ["/DSign", "/Slauncher=" + sign.replace('"', "$q").replace("{file}", "$f")]
    return [*command, str(SCRIPT)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
