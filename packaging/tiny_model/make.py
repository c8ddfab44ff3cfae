"""Makes the built-in model from nothing: tokenizer, training, conversion, comparison, evaluation. One command.

    .venv/bin/python packaging/tiny_model/make.py [FOLDER]

FOLDER (build/tiny_model) keeps what is made on the way. PyTorch goes into an environment of its own there. Fixed seeds; an hour and a half on two cores.
The finished file replaces resources/models/launcher-tiny.gguf only when it passes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
_SHIPPED = _ROOT / "resources" / "models" / "launcher-tiny.gguf"
_REFERENCE = _ROOT / "tests" / "engine" / "builtin_logits.json"


def main() -> None:
    """Makes it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=_ROOT / "build" / "tiny_model")
    folder: Path = parser.parse_args().folder.resolve()
    torch_python = _environment(folder / "environment")
    _run(torch_python, "train.py", folder)
    _run(torch_python, "convert.py", folder)
    _run(sys.executable, "compare.py", folder)
    _run(sys.executable, "evaluate.py", folder / "tiny-q8_0.gguf", "--wrong", "5")
    _SHIPPED.parent.mkdir(exist_ok=True)
    shutil.copyfile(folder / "tiny-q8_0.gguf", _SHIPPED)
    shutil.copyfile(folder / "logits.json", _REFERENCE)
    print(f"{_SHIPPED.relative_to(_ROOT)}: {_SHIPPED.stat().st_size / 1e6:.1f} MB")


def _environment(folder: Path) -> str:
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", _HERE / "requirements.txt"], check=True)
    return str(python)


def _run(python: str, script: str, *arguments: object) -> None:
    print(f"== {script}", flush=True)
    subprocess.run([python, _HERE / script, *map(str, arguments)], check=True, cwd=_ROOT)


if __name__ == "__main__":
    main()
