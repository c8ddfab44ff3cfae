"""Brings the translations up to date: `.venv/bin/python packaging/i18n/update.py`.

Every string of the source goes into each `resources/i18n/launcher_<locale>.ts` (new ones unfinished, gone ones
removed), then each .ts is compiled to the .qm that the window loads. To add a language, make an empty .ts of that name.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "resources" / "i18n"
_QT_ROOMS = ("ui", "app", "services")
_NOT_SHIPPED = ROOT / "launcher" / "ui" / "gallery.py"


def update(ts: Path) -> None:
    """Bring one .ts up to date with the source; what is translated stays."""
    sources = [path for room in _QT_ROOMS for path in sorted((ROOT / "launcher" / room).rglob("*.py"))]
    _run(
        "pyside6-lupdate",
        *(path for path in sources if path != _NOT_SHIPPED),
        *("-no-obsolete", "-locations", "none", "-source-language", "en"),
        # A guess from a similar English text would look like a translation.
        *("-disable-heuristic", "sametext", "-disable-heuristic", "similartext"),
        *("-ts", ts),
    )


def compile_ts(ts: Path, qm: Path) -> None:
    """Compile a .ts; messages that are not translated are left out and shown in English."""
    _run("pyside6-lrelease", ts, "-qm", qm)


def _run(tool: str, *arguments: Path | str) -> None:
    # Beside the interpreter: the tools come with PySide6.
    _check([str(Path(sys.executable).with_name(tool)), *map(str, arguments)])


def _check(command: Iterable[str]) -> None:
    done = subprocess.run([*command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{done.stdout}{done.stderr}")


def main() -> None:
    """Update and compile every language."""
    for ts in sorted(TRANSLATIONS.glob("launcher_*.ts")):
        update(ts)
        compile_ts(ts, ts.with_suffix(".qm"))
        unfinished = ts.read_text("utf-8").count('type="unfinished"')
        print(f"{ts.name}: {unfinished} messages to translate")


if __name__ == "__main__":
    main()
