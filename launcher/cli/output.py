"""How commands print: JSON documents, errors, plain tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from launcher.core.codec import to_json
from launcher.core.errors import UserError


def print_json(document: object) -> None:
    """One JSON document on stdout."""
    json.dump(to_json(document), sys.stdout, ensure_ascii=False, indent=2)
    print()


def error_document(error: UserError) -> dict[str, object]:
    """An error as it stands in JSON documents."""
    return {
        "code": error.code,
        "what": error.what,
        "why": error.why,
        "next": [step.label for step in error.next_steps],
        "detail": error.detail,
    }


def print_user_error(error: UserError, *, as_json: bool) -> None:
    """What failed, why, and what to do now."""
    if as_json:
        print_json({"error": error_document(error)})
        return
    print(error.what, file=sys.stderr)
    if error.why:
        print(f"  Why: {error.why}", file=sys.stderr)
    for step in error.next_steps:
        print(f"  Next: {step.label}", file=sys.stderr)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """A plain text table; columns in `right` are right-aligned."""
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]

    def cells(line: Sequence[str]) -> str:
        parts = (c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        return "  ".join(parts).rstrip()

    return "\n".join(cells(line) for line in lines)
