"""Small text files of the Linux kernel (sysfs, procfs, cgroups). Whatever is wrong with one, the answer is None."""

from __future__ import annotations

from pathlib import Path

_MOST_BYTES = 1 << 20


def read_text(path: Path) -> str | None:
    """The file's text without surrounding white space; None when it cannot be read or is empty.

    Drivers answer some reads with EBUSY, EPERM or EINVAL (a sleeping GPU, a locked meter): all of them mean "unknown".
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES)
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return None
    text = data.decode("utf-8", "replace").strip()
    return text or None


def read_int(path: Path, base: int = 10) -> int | None:
    """The file's whole content as a number; None for anything else ("max", "N/A", garbage)."""
    text = read_text(path)
    if text is None or len(text) > 40:
        return None
    try:
        return int(text, base)
    except ValueError:
        return None


def read_count(path: Path) -> int | None:
    """A number that cannot be negative (bytes, percent, microwatts)."""
    number = read_int(path)
    return number if number is not None and number >= 0 else None


def read_pairs(path: Path) -> dict[str, int]:
    """Lines of "key value" (memory.stat, arcstats) with a number at the end; other lines are skipped."""
    pairs: dict[str, int] = {}
    for line in (read_text(path) or "").splitlines():
        words = line.split()
        if len(words) >= 2 and len(words[-1]) < 40 and words[-1].isascii() and words[-1].isdigit():
            pairs[words[0].rstrip(":")] = int(words[-1])
    return pairs


def list_dir(path: Path) -> list[Path]:
    """The entries of a folder, sorted by name; empty when it cannot be listed."""
    try:
        return sorted(path.iterdir())
    except (OSError, ValueError):
        return []
