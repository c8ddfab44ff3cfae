"""What a desktop shall know of the program: menu entry, icons, file type, the page in its software centre, the manual page.

The same files for every kind of Linux package, below a prefix such as `usr`. Icons are drawn with QtSvg.
"""

from __future__ import annotations

import gzip
import os
import re
import time
from pathlib import Path
from xml.sax.saxutils import escape

import release
from release import ROOT, Release

NAME = "launcher-for-deepseek"
"""Of packages, desktop entry, icon and folders; the program calls itself so towards the desktop (core/paths.py)."""

PROGRAM = "launcher"
ICON_SIDES_PX = (16, 22, 24, 32, 48, 64, 96, 128, 256, 512)
DRAWING = ROOT / "resources" / "app" / "launcher.svg"
_FILES = Path(__file__).resolve().parent / "desktop"

PICTURES = (
    ("1-first-start.png", "The recommended model, how it sits in memory and how fast it will be"),
    ("5-answering.png", "An answer, with the meters of processor and memory beside it"),
    ("dark-models.png", "Every published size with fit, speed and quality on this computer"),
)
"""Of resources/screenshots, with what they show; a software centre loads them from the web."""


def write(prefix: Path, version: str, pictures_at: str = "") -> None:
    """Put everything below `prefix`.

    Args:
        prefix: stands for /usr.
        version: of the program.
        pictures_at: web address of the folder with the pictures; without one the page in software centres has none.
    """
    share = prefix / "share"
    _copy(_FILES / f"{NAME}.desktop", share / "applications" / f"{NAME}.desktop")
    _copy(_FILES / f"{NAME}.mime.xml", share / "mime" / "packages" / f"{NAME}.xml")
    _write(share / "metainfo" / f"{NAME}.metainfo.xml", metainfo(version, pictures_at).encode())
    _write(share / "man" / "man1" / f"{PROGRAM}.1.gz", packed(manual(version).encode()))
    hicolor = share / "icons" / "hicolor"
    drawings = (("apps", NAME, DRAWING), ("mimetypes", "application-x-gguf", _FILES / "application-x-gguf.svg"))
    for kind, name, drawing in drawings:
        _copy(drawing, hicolor / "scalable" / kind / f"{name}.svg")
        for side_px in ICON_SIDES_PX:
            _draw(drawing, side_px, hicolor / f"{side_px}x{side_px}" / kind / f"{name}.png")


def metainfo(version: str, pictures_at: str = "") -> str:
    """AppStream's description with what changed in each version.

    The changelog has no dates: the version that is packaged was made when its sources were; the others are left without text.
    """
    text = (_FILES / f"{NAME}.metainfo.xml").read_text("utf-8")
    known = release.releases((ROOT / "CHANGELOG.md").read_text("utf-8"))
    here = next((r for r in known if r.version == version), Release(version, "", ()))
    date = time.strftime("%Y-%m-%d", time.gmtime(release.epoch_s()))
    text = text.replace("  <releases/>\n", _release_xml(here, date))
    return text.replace("  <screenshots/>\n", _pictures_xml(pictures_at.rstrip("/")) if pictures_at else "")


def manual(version: str) -> str:
    """The manual page."""
    text = (_FILES / f"{PROGRAM}.1").read_text("utf-8")
    date = time.strftime("%Y-%m-%d", time.gmtime(release.epoch_s()))
    return text.replace("@VERSION@", version).replace("@DATE@", date)


def packed(data: bytes) -> bytes:
    """Gzip without a name or time, as packages carry texts."""
    return gzip.compress(data, 9, mtime=0)


def _release_xml(here: Release, date: str) -> str:
    lines = ["  <releases>", f'    <release version="{escape(here.version)}" date="{date}">']
    if here.paragraph or here.changes:
        lines.append("      <description>")
        if here.paragraph:
            lines.append(f"        <p>{_plain(here.paragraph)}</p>")
        if here.changes:
            lines += ["        <ul>", *(f"          <li>{_plain(c)}</li>" for c in here.changes), "        </ul>"]
        lines.append("      </description>")
    return "\n".join([*lines, "    </release>", "  </releases>", ""])


def _pictures_xml(address: str) -> str:
    lines = ["  <screenshots>"]
    for position, (name, caption) in enumerate(PICTURES):
        kind = ' type="default"' if position == 0 else ""
        image = f'<image type="source">{escape(address)}/{name}</image>'
        lines.append(f"    <screenshot{kind}><caption>{escape(caption)}</caption>{image}</screenshot>")
    return "\n".join([*lines, "  </screenshots>", ""])


def _plain(markdown: str) -> str:
    """Markdown's code and emphasis as AppStream's, everything else as it is."""
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", markdown)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return re.sub(r"\*\*([^*]+)\*\*", r"<em>\1</em>", text)


def _draw(drawing: Path, side_px: int, target: Path) -> None:
    from PySide6.QtCore import QRectF  # noqa: TID251 - draws, has no window
    from PySide6.QtGui import QImage, QPainter  # noqa: TID251 - draws, has no window
    from PySide6.QtSvg import QSvgRenderer  # noqa: TID251 - draws, has no window

    image = QImage(side_px, side_px, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(str(drawing)).render(painter, QRectF(0, 0, side_px, side_px))
    painter.end()
    target.parent.mkdir(parents=True, exist_ok=True)
    if not image.save(str(target), "PNG"):  # type: ignore[call-overload]
        raise OSError(f"{target} could not be written")


def _copy(source: Path, target: Path) -> None:
    _write(target, source.read_bytes())


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def stamp(root: Path, seconds: int) -> None:
    """Give every file below `root` one time (seconds since 1970) and the rights that packages have; libraries are no programs."""
    for path in sorted(root.rglob("*"), reverse=True):
        if not path.is_symlink():
            is_program = bool(path.stat().st_mode & 0o100) and ".so" not in path.suffixes
            path.chmod(0o755 if path.is_dir() or is_program else 0o644)
        os.utime(path, (seconds, seconds), follow_symlinks=False)
    os.utime(root, (seconds, seconds))
