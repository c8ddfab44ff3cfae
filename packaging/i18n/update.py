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
# What is shown through `known()`: which arguments hold its texts.
_SHOWN_AS_KNOWN = {
    "UserError": slice(1, 3),
    "Failure": slice(1, 3),
    "NextStep": slice(0, 1),
    "known": slice(0, 1),
    # Functions that make a UserError of its reason.
    **dict.fromkeys(("_refused", "_impossible", "bad_grammar", "bad_schema"), slice(0, 1)),
}
_CATALOG = ROOT / "resources" / "catalog" / "models.json"
_CATALOG_KEYS = {"families": ("name", "summary"), "variants": ("strengths", "honest_note", "licence", "why_not")}
# All but the command line, which is English.
_SAYING_ROOMS = (*_QT_ROOMS, "core", "catalog", "hardware", "planner", "downloads", "engine", "chat", "store")
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
    """Every template of `say()` in the rooms and every literal text of an error; a template that is not a literal ends the script, because nobody could translate it."""
    paths = {path for room in _SAYING_ROOMS for path in (ROOT / "launcher" / room).rglob("*.py")} - {_NOT_SHIPPED}
    for path in sorted(paths):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "say":
                match node.args:
                    case [ast.Constant(value=str(text))]:
                        yield text
                    case _:
                        raise SystemExit(f"{path.relative_to(ROOT)}:{node.lineno}: say() takes one literal template")
            elif node.func.id in _SHOWN_AS_KNOWN:
                yield from _literals(node.args[_SHOWN_AS_KNOWN[node.func.id]])


def _literals(arguments: list[ast.expr]) -> Iterator[str]:
    """Texts without values; those with values are templates of `say()`."""
    for argument in arguments:
        match argument:
            case ast.IfExp(body=body, orelse=orelse):
                yield from _literals([body, orelse])
            case ast.Constant(value=str(text)) if text:
                yield text
            case _:
                pass


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
