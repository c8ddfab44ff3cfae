"""The app's icon in the forms that Windows and macOS want, drawn from resources/app/launcher.svg. Works on every system.

Used by windows/make_resources.py and macos/make_icon.py; needs PySide6 (QtSvg).
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SVG = ROOT / "resources" / "app" / "launcher.svg"

ICO_SIZES = (16, 20, 24, 32, 40, 48, 64, 128, 256)
"""What Explorer and the task bar take at 100 to 200 %."""

ICNS_TYPES = {
    "icp4": 16,
    "icp5": 32,
    "ic11": 32,
    "ic12": 64,
    "ic07": 128,
    "ic13": 256,
    "ic08": 256,
    "ic14": 512,
    "ic09": 512,
    "ic10": 1024,
}
"""Type -> pixels, for those types that hold PNG; ic11 to ic14 and ic10 are the doubled ones for Retina displays."""


def windows_icon() -> bytes:
    """launcher.ico."""
    return ico(rendered(SVG, set(ICO_SIZES)))


def macos_icon() -> bytes:
    """launcher.icns."""
    pictures = rendered(SVG, set(ICNS_TYPES.values()))
    return icns({kind: pictures[size] for kind, size in ICNS_TYPES.items()})


def rendered(svg: Path, sizes: set[int]) -> dict[int, bytes]:
    """Edge length in pixels -> PNG.

    Raises:
        ValueError: it is no drawing that Qt can read.
    """
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice  # noqa: TID251 - draws, as the app does
    from PySide6.QtGui import QGuiApplication, QImage, QPainter  # noqa: TID251
    from PySide6.QtSvg import QSvgRenderer  # noqa: TID251

    application = QGuiApplication.instance() or QGuiApplication([])
    renderer = QSvgRenderer(str(svg))
    if not renderer.isValid():
        raise ValueError(f"{svg} cannot be drawn")
    pictures: dict[int, bytes] = {}
    for size in sorted(sizes):
        image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        content = QByteArray()
        buffer = QBuffer(content)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # pyright: ignore[reportArgumentType, reportCallIssue] - the stub has bytes here
        pictures[size] = bytes(content.data())
    del application
    return pictures


def ico(pictures: dict[int, bytes]) -> bytes:
    """A Windows icon of PNGs (understood since Vista): directory of 16 bytes for each, then the pictures."""
    head = struct.pack("<HHH", 0, 1, len(pictures))
    offset = len(head) + 16 * len(pictures)
    entries, content = b"", b""
    for size, png in pictures.items():
        edge = size % 256  # 0 means 256
        entries += struct.pack("<BBBBHHII", edge, edge, 0, 0, 1, 32, len(png), offset + len(content))
        content += png
    return head + entries + content


def icns(pictures: dict[str, bytes]) -> bytes:
    """A macOS icon: type and length before each picture."""
    content = b"".join(kind.encode() + struct.pack(">I", 8 + len(png)) + png for kind, png in pictures.items())
    return b"icns" + struct.pack(">I", 8 + len(content)) + content
