"""Brings the translations up to date: `.venv/bin/python packaging/i18n/update.py`.

Every string of the source goes into each `resources/i18n/launcher_<locale>.ts` (new ones unfinished, gone ones
removed), then each .ts is compiled to the .qm that the window loads. To add a language, make an empty .ts of that name.

Rooms without Qt say their sentences through `launcher.core.words`; their templates and the catalog's sentences are
collected here and come into the context "Words".
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRANSLATIONS = ROOT / "resources" / "i18n"
_QT_ROOMS = ("ui", "app", "services")
_CATALOG = ROOT / "resources" / "catalog" / "models.json"
_CATALOG_KEYS = {"families": ("name", "summary"), "variants": ("strengths", "honest_note", "licence", "why_not")}
_NOT_SHIPPED = ROOT / "launcher" / "ui" / "gallery.py"


def update(ts: Path) -> None:
    """Bring one .ts up to date with the source; what is translated stays."""
    sources = [path for room in _QT_ROOMS for path in sorted((ROOT / "launcher" / room).rglob("*.py"))]
    with tempfile.TemporaryDirectory() as folder:
        words = Path(folder) / "words.py"
        texts = sorted({*templates(), *_catalog_sentences()})
        # As lupdate expects them: marked for translation, never run.
        words.write_text("".join(f"QT_TRANSLATE_NOOP('Words', {_quoted(text)})\n" for text in texts), "utf-8")
        _run(
            "pyside6-lupdate",
            *(path for path in sources if path != _NOT_SHIPPED),
            words,
            *("-no-obsolete", "-locations", "none", "-source-language", "en"),
            # A guess from a similar English text would look like a translation.
            *("-disable-heuristic", "sametext", "-disable-heuristic", "similartext"),
            *("-ts", ts),
        )


def templates() -> Iterator[str]:
    """Every template of `say()` in the rooms; one that is not a literal ends the script, because nobody could translate it."""
    for path in sorted((ROOT / "launcher").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                match node.args:
                    case [ast.Constant(value=str(text))]:
                        yield text
                    case _:
                        raise SystemExit(f"{path.relative_to(ROOT)}:{node.lineno}: say() takes one literal template")


def _catalog_sentences() -> Iterator[str]:
    data = json.loads(_CATALOG.read_text("utf-8"))
    for table, keys in _CATALOG_KEYS.items():
        for entry in data[table]:
            yield from (entry[key] for key in keys if entry.get(key))
            yield from (row["why"] for row in entry.get("not_offered", ()))


def _quoted(text: str) -> str:
    """A literal that lupdate reads as Python does."""
    return json.dumps(text, ensure_ascii=False)


def compile_ts(ts: Path, qm: Path) -> None:
    """Compile a .ts; messages that are not translated are left out and shown in English."""
    _run("pyside6-lrelease", ts, "-qm", qm)


def _run(tool: str, *arguments: Path | str) -> None:
    # Beside the interpreter: the tools come with PySide6.
    command = [str(Path(sys.executable).with_name(tool)), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
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
