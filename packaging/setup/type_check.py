"""The types: pyright, in the short loop only over what may have changed since it was last found clean.

What pyright says of a file follows from the file, from all that it imports, directly or not, from the installed packages and
from the settings. Each file has one digest over all of that (sources.py), and it is left out only if pyright found nothing in
it when it had this digest. `--all` leaves nothing out: so `make test` and CI look.

    python packaging/setup/type_check.py [--all]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import remembered
from sources import Project

ROOT = Path(__file__).resolve().parents[2]
_NOTES = ROOT / "build" / "types.json"


class _Finding(NamedTuple):
    """One message of pyright."""

    path: str
    text: str


class _Answer(NamedTuple):
    """What pyright came to; `findings` is None where it did not get as far as looking."""

    code: int
    files: int
    findings: list[_Finding] | None
    output: str


def main(arguments: Sequence[str]) -> int:
    """Check, say what was found and note what is clean; returns pyright's exit code."""
    before = Project(ROOT).digests()
    known = remembered.read(_NOTES)
    asked = [path for path, digest in before.items() if "--all" in arguments or known.get(path) != digest]
    if not asked:
        print(f"types: all {len(before)} files, and what they import, are as they were when last found clean")
        return 0
    rest = "; the others, and what they import, are as they were when last found clean"
    print(
        f"types: looking at {len(asked)} of {len(before)} files{rest if len(asked) < len(before) else ''}", flush=True
    )
    answer = _pyright(asked, is_all=len(asked) == len(before))
    if answer.findings is None:
        print(answer.output)
        return answer.code or 1
    for finding in answer.findings:
        print(finding.text)
    if answer.files != len(asked):
        print(f"types: pyright looked at {answer.files} files: sources.py and pyright read pyproject.toml differently")
        return answer.code or 1
    # What was edited while pyright ran is not noted: which text it saw is not known.
    after = Project(ROOT).digests()
    troubled = {finding.path for finding in answer.findings}
    clean = {path for path in asked if path not in troubled and before[path] == after.get(path)}
    unasked = before.keys() - set(asked)
    remembered.write(_NOTES, {path: digest for path, digest in before.items() if path in clean or path in unasked})
    return answer.code


def _pyright(paths: Sequence[str], *, is_all: bool) -> _Answer:
    """Run it, over the whole project or over these paths."""
    program = Path(sys.executable).with_name("pyright.exe" if os.name == "nt" else "pyright")
    done = subprocess.run(
        [str(program), "--outputjson", *([] if is_all else ["-"])],
        input="" if is_all else "\n".join(paths),  # by name it would be more than a Windows command line can be
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        report: Any = json.loads(done.stdout)
        findings = [_finding(one) for one in report["generalDiagnostics"]]
        files = int(report["summary"]["filesAnalyzed"])
    except (ValueError, KeyError, TypeError):
        return _Answer(done.returncode, 0, None, done.stdout)
    return _Answer(done.returncode, files, findings, done.stdout)


def _finding(one: Any) -> _Finding:
    path = Path(one["file"])
    path = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    start = one["range"]["start"] if "range" in one else {"line": 0, "character": 0}
    rule = f" ({one['rule']})" if "rule" in one else ""
    place = f"{path}:{start['line'] + 1}:{start['character'] + 1}"
    return _Finding(path.as_posix(), f"{place} - {one['severity']}: {one['message']}{rule}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
