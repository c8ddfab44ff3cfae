"""Signs, packs and notarises the app bundle: `python packaging/macos/dmg.py dist/Launcher.app`.

    LAUNCHER_CODESIGN_IDENTITY   "Developer ID Application: …"; without it the bundle is signed ad hoc, which runs on this Mac, and
                                 elsewhere after a control-click and Open
    LAUNCHER_NOTARY_PROFILE      name of credentials kept by `xcrun notarytool store-credentials`; without it nothing is sent to Apple

The licence texts and the bill of materials have to be in the bundle already (packaging/licences/collect.py): what is added after
signing breaks the signature.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_HERE = Path(__file__).resolve().parent
ROOT = _HERE.parents[1]
sys.path.insert(0, str(ROOT))

from launcher import __version__  # noqa: E402 - the folder above is no package

NAME = "Launcher"
ENTITLEMENTS = _HERE / "entitlements.plist"
_AT_ONCE = 100
# 32 and 64 bits in both byte orders, and several architectures in one file (Apple's loader.h and fat.h).
_MACH_O = frozenset(map(bytes.fromhex, ("feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe")))


def main(arguments: Sequence[str]) -> int:
    """Everything, in order; the first step that fails ends it."""
    parser = argparse.ArgumentParser(prog="dmg.py", description="Make the disk image for macOS.")
    parser.add_argument("bundle", type=Path, help="Launcher.app")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER", help="default: dist")
    parser.add_argument("--dry-run", action="store_true", help="only print the commands")
    options = parser.parse_args(arguments)
    bundle: Path = options.bundle.absolute()
    if not options.dry_run and not (bundle / "Contents" / "Info.plist").is_file():
        print(f"dmg: {bundle} is no app bundle: freeze the program on macOS first", file=sys.stderr)
        return 1
    image = options.out.absolute() / f"launcher-for-deepseek-{__version__}-macos-{platform.machine()}.dmg"
    with tempfile.TemporaryDirectory() as folder:
        if not options.dry_run:
            image.parent.mkdir(parents=True, exist_ok=True)
            fill(Path(folder), bundle)
        app = Path(folder, bundle.name)
        for command in commands(app, binaries(app), image, os.environ):
            print("dmg:", shlex.join(command), flush=True)
            if not options.dry_run and (code := subprocess.call(command)):
                return code
    return 0


def fill(folder: Path, bundle: Path) -> None:
    """What the image shows when it is opened: the app, and where to drag it. The app is signed first, in its own place."""
    (folder / "Applications").symlink_to("/Applications")
    shutil.copytree(bundle, folder / bundle.name, symlinks=True)


def binaries(bundle: Path) -> list[Path]:
    """Every program and library in the bundle, the deepest first: what is inside is signed before what holds it."""
    found = (path for path in bundle.rglob("*") if path.is_file() and not path.is_symlink() and _is_code(path))
    return sorted(found, key=lambda path: (-len(path.parts), str(path)))


def commands(app: Path, code: Sequence[Path], image: Path, env: Mapping[str, str]) -> Iterator[list[str]]:
    """The commands, in order.

    Args:
        app: the copy of the bundle that is signed and packed, with everything else in its folder.
        code: programs and libraries inside, each of which Apple wants signed.
        image: what is made.
        env: identity and credentials.
    """
    identity, profile = env.get("LAUNCHER_CODESIGN_IDENTITY") or "-", env.get("LAUNCHER_NOTARY_PROFILE", "")
    hardened = ["--options", "runtime", "--timestamp"] if identity != "-" else []
    sign = ["codesign", "--force", *hardened, "--entitlements", str(ENTITLEMENTS), "--sign", identity]
    for start in range(0, len(code), _AT_ONCE):
        yield [*sign, *map(str, code[start : start + _AT_ONCE])]
    yield [*sign, str(app)]
    yield ["codesign", "--verify", "--deep", "--strict", str(app)]
    # HFS+ with zlib opens on every macOS; -ov replaces an older image.
    make = [
        "hdiutil",
        "create",
        "-volname",
        NAME,
        "-srcfolder",
        str(app.parent),
        "-fs",
        "HFS+",
        "-format",
        "UDZO",
        "-ov",
    ]
    yield [*make, str(image)]
    if identity != "-":
        yield ["codesign", "--sign", identity, "--timestamp", str(image)]
    if profile:
        yield ["xcrun", "notarytool", "submit", str(image), "--keychain-profile", profile, "--wait"]
        yield ["xcrun", "stapler", "staple", str(image)]
        yield ["spctl", "--assess", "--type", "open", "--context", "context:primary-signature", str(image)]


def _is_code(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in _MACH_O


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
