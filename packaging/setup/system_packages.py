"""What the system must bring before anything else: found out by looking, installed with apt-get or asked for.

Libraries are looked for by loading them, as the program will; tools by their name on the PATH.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

# Needed by Qt 6.11's core, widgets, svg, network and X11/Wayland plugins: the NEEDED entries of PySide6-Essentials 6.11.3,
# without those that every Debian has. Debian and Ubuntu package names.
_QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libbrotlidec.so.1": "libbrotli1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}

# What the end-to-end tests make a desktop of: a display, a message bus with accessibility on it, key strokes, a font.
_TEST_TOOLS = {
    "Xvfb": "xvfb",
    "dbus-daemon": "dbus",
    "xdotool": "xdotool",
}
_TEST_FILES = {
    "/usr/libexec/at-spi-bus-launcher": "at-spi2-core",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf": "fonts-dejavu-core",
}


def missing(*, window: bool, tests: bool) -> list[str]:
    """Debian package names of what is not here.

    Args:
        window: Qt is going to open a window (or pretend to, in tests).
        tests: the whole test suite is going to run.
    """
    packages: list[str] = []
    if importlib.util.find_spec("ensurepip") is None:
        packages.append("python3-venv")
    if sys.platform != "linux":
        return packages
    if not compiler():
        packages.append("g++")
    if not Path("/etc/ssl/certs/ca-certificates.crt").exists() and shutil.which("apt-get"):
        packages.append("ca-certificates")
    if window:
        packages += [package for library, package in _QT_LIBRARIES.items() if not _loads(library)]
    if tests:
        packages += [package for tool, package in _TEST_TOOLS.items() if not shutil.which(tool)]
        packages += [package for path, package in _TEST_FILES.items() if not Path(path).exists()]
    return packages


def compiler() -> str | None:
    """A C++ compiler that cmake will find, or None."""
    named = os.environ.get("CXX")
    names = [named] if named else ["c++", "g++", "clang++", "cl"]
    return next((found for name in names if (found := shutil.which(name))), None)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def provide(packages: Iterable[str]) -> bool:
    """Install with apt-get as root; otherwise say exactly what to run. Returns whether everything is here now."""
    names = list(packages)
    if not names:
        return True
    if not shutil.which("apt-get"):
        print("These are missing (Debian's names; your system may call them otherwise):", file=sys.stderr)
        print("  " + " ".join(names), file=sys.stderr)
        return False
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *names]
    if os.geteuid() != 0:
        print("Some system packages are missing. Run this once, then try again:", file=sys.stderr)
        print("  sudo apt-get update && sudo " + " ".join(install), file=sys.stderr)
        return False
    print(f"setup: installing {len(names)} system packages: {' '.join(names)}", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "--quiet"], [*install[:2], "--quiet", *install[2:]]):
        done = subprocess.run(command, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            print(done.stdout[-3000:], file=sys.stderr)
            print(f"This failed: {' '.join(command)}", file=sys.stderr)
            return False
    return True
