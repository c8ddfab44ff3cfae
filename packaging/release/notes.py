"""The notes of a release, cut out of CHANGELOG.md, and the feed that "Check for updates" reads.

    python packaging/release/notes.py 0.1.0                  # the section of that version, for the release's page
    python packaging/release/notes.py --check                # whether the changelog has its form
    python packaging/release/notes.py --feed URL > releases.json   # every released version; {version} in URL is its page

The form is that of Keep a Changelog: `## [1.2.0] - 2026-11-22` (brackets and date may be missing), the newest first, above them perhaps
`## [Unreleased]`, in each a text or list. Standard library only.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from launcher import __version__  # noqa: E402 - the folder above is no package
from launcher.core.versions import is_before_release, version_key  # noqa: E402

CHANGELOG = ROOT / "CHANGELOG.md"
UNRELEASED = "Unreleased"
_HEADING = re.compile(r"^## +\[?(?P<version>[^\]\s]+)\]?(?P<rest>.*)$", re.MULTILINE)
_DATE = re.compile(r" +[-\u2013] +(\d{4}-\d{2}-\d{2})")
_LINK = re.compile(r"^\[[^\]]+\]: +\S+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Section:
    """One version of the changelog.

    Attributes:
        version: "Unreleased" for what no version has yet.
        date: "2026-11-22", "" without one.
        text: what is under the heading.
        rest: what stands behind the version in the heading.
    """

    version: str
    date: str
    text: str
    rest: str = ""


def main(arguments: Sequence[str]) -> int:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(prog="notes.py", description="The notes of a release.")
    parser.add_argument("version", nargs="?", help="1.2.0 or v1.2.0")
    parser.add_argument("--check", action="store_true", help="check the changelog's form")
    parser.add_argument("--feed", metavar="URL", help="print the list of releases for the check for updates")
    parser.add_argument("--changelog", type=Path, default=CHANGELOG, metavar="FILE")
    options = parser.parse_args(arguments)
    found = sections(options.changelog.read_text("utf-8"))
    if problems := wrong(found):
        print("\n".join(f"{options.changelog.name}: {problem}" for problem in problems), file=sys.stderr)
        return 1
    if options.feed:
        print(json.dumps(feed(found, options.feed), indent=1, ensure_ascii=False))
    elif options.version:
        wanted = options.version.removeprefix("v")
        section = next((s for s in found if s.version == wanted), None)
        if section is None:
            print(
                f"{options.changelog.name}: no section {wanted}; there are {', '.join(s.version for s in found)}",
                file=sys.stderr,
            )
            return 1
        print(section.text)
    elif not options.check:
        parser.error("name a version, --check or --feed URL")
    return 0


def sections(text: str) -> list[Section]:
    """The versions of a changelog, in its order."""
    heads = list(_HEADING.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    found: list[Section] = []
    for head, end in zip(heads, ends, strict=True):
        date = _DATE.fullmatch(head["rest"].rstrip())
        body = _LINK.sub("", text[head.end() : end]).strip()  # the links of the headings stand at the end of the file
        found.append(Section(head["version"], date[1] if date else "", body, head["rest"].strip()))
    return found


def wrong(found: Sequence[Section], version: str = __version__) -> list[str]:
    """What is not as it should be, as sentences."""
    problems: list[str] = []
    released = [s for s in found if s.version != UNRELEASED]
    if any(s.version == UNRELEASED for s in found[1:]):
        problems.append(f"{UNRELEASED} must be the first section")
    if version not in {s.version for s in released}:
        problems.append(f"the program's version {version} has no section")
    for section in released:
        if version_key(section.version) is None:
            problems.append(f"{section.version} is no version")
        if section.rest and not section.date:
            problems.append(f"{section.version}: {section.rest!r} is no date; it must be like - 2026-11-22")
        if section.date and not _is_date(section.date):
            problems.append(f"{section.version}: {section.date} is no date")
        if not section.text:
            problems.append(f"{section.version}: nothing is written under it")
    for newer, older in itertools.pairwise(released):
        keys = version_key(newer.version), version_key(older.version)
        if keys[0] and keys[1] and keys[0] <= keys[1]:
            problems.append(f"{newer.version} stands above {older.version}: the newest comes first, each once")
    return problems


def feed(found: Sequence[Section], page: str) -> list[dict[str, object]]:
    """The list of releases, as launcher/catalog/releases.py reads it. Versions without a date are not released yet."""
    entries: list[dict[str, object]] = []
    for section in found:
        key = version_key(section.version)
        if key is None or not section.date:
            continue
        entries.append(
            {
                "tag_name": f"v{section.version}",
                "published_at": f"{section.date}T00:00:00Z",
                "prerelease": is_before_release(key),
                "draft": False,
                "html_url": page.replace("{version}", section.version),
                "body": section.text,
            }
        )
    return entries


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
