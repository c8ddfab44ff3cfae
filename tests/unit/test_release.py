"""What a release is made with: notes cut from the changelog, the feed, checksums, and workflows that pin what they run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from launcher import __version__
from launcher.catalog import releases

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "packaging" / "release"))

import checksums  # noqa: E402
import notes  # noqa: E402
import same_build  # noqa: E402

CHANGELOG = """# Changelog

## [Unreleased]
- Not yet.

## [0.2.0] - 2026-11-22
### Added
- A window.

## 0.1.0 - 2026-10-01
The first.

[Unreleased]: https://server.example/compare/v0.2.0...HEAD
[0.2.0]: https://server.example/compare/v0.1.0...v0.2.0
"""


def test_our_changelog_has_its_form() -> None:
    found = notes.sections((ROOT / "CHANGELOG.md").read_text("utf-8"))
    assert notes.wrong(found) == []


def test_sections() -> None:
    found = notes.sections(CHANGELOG)
    assert [(s.version, s.date) for s in found] == [
        ("Unreleased", ""),
        ("0.2.0", "2026-11-22"),
        ("0.1.0", "2026-10-01"),
    ]
    assert found[1].text == "### Added\n- A window."
    assert found[2].text == "The first."  # without the links of the headings
    assert notes.wrong(found, "0.2.0") == []


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("## 0.1.0 -", "## 0.3.0 -", "the newest comes first"),
        ("## 0.1.0 -", "## 0.2.0 -", "the newest comes first"),
        ("2026-11-22", "2026-13-22", "is no date"),
        (" - 2026-11-22", " (today)", "is no date"),
        ("The first.\n", "", "nothing is written"),
        ("## 0.1.0 -", "## first -", "first is no version"),
        ("[0.2.0] -", "[0.2.1] -", "the program's version 0.2.0 has no section"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, word: str) -> None:
    assert old in CHANGELOG
    problems = notes.wrong(notes.sections(CHANGELOG.replace(old, new, 1)), "0.2.0")
    assert any(word in problem for problem in problems), problems


def test_the_command_cuts_one_version() -> None:
    command = [sys.executable, str(ROOT / "packaging" / "release" / "notes.py"), f"v{__version__}"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "\n## " not in done.stdout
    assert subprocess.run([*command[:-1], "99.9"], capture_output=True).returncode == 1


def test_the_feed_is_one_that_the_program_reads() -> None:
    page = "https://server.example/releases/v{version}"
    data = json.dumps(notes.feed(notes.sections(CHANGELOG), page)).encode()
    found = [release for _, release in releases._releases(data, "server.example")]
    assert [(r.version, r.published, r.page) for r in found] == [
        ("0.2.0", "2026-11-22", "https://server.example/releases/v0.2.0"),
        ("0.1.0", "2026-10-01", "https://server.example/releases/v0.1.0"),
    ]
    assert found[0].notes == "### Added\n- A window."


def test_checksums_are_those_of_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "b.deb").write_bytes(b"b" * 100_000)
    (tmp_path / "a.AppImage").write_bytes(b"a")
    (tmp_path / "folder").mkdir()
    assert checksums.main([str(tmp_path)]) == 0
    text = (tmp_path / "SHA256SUMS").read_text()
    assert [line.partition("  ")[2] for line in text.splitlines()] == ["a.AppImage", "b.deb"]
    assert text.startswith("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a.AppImage\n")
    checksums.main([str(tmp_path)])
    assert (tmp_path / "SHA256SUMS").read_text() == text  # its own file is not among them


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_pin_actions_and_name_files_that_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    for step in steps:
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
    named = set(re.findall(r"packaging[/\\][\w/\\-]+\.py", text))
    assert named
    missing = {name for name in named if not (ROOT / name.replace("\\", "/")).is_file()}
    assert missing == set()


def test_there_are_workflows() -> None:
    assert [path.name for path in WORKFLOWS] == ["packages.yml", "test.yml"]


def test_comparing_two_builds(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        (folder / "in").mkdir(parents=True)
        (folder / "in" / "same").write_bytes(b"x" * 3_000_000)
        (folder / "link").symlink_to("in/same")
    assert same_build.differences(*folders) == []
    assert same_build.main([str(folder) for folder in folders]) == 0
    one, other = folders
    (one / "more").touch()
    (other / "less").touch()
    (one / "in" / "same").write_bytes(b"x" * 2_000_000 + b"y" + b"x" * 999_999)
    for folder, mode in ((one, 0o755), (other, 0o644)):
        (folder / "run").touch()
        (folder / "run").chmod(mode)
        (folder / "away").symlink_to(folder.name)
    assert same_build.differences(*folders) == [
        f"only in {one}: more",
        f"only in {other}: less",
        "away: leads to one and other",
        "in/same: differs from byte 2000000 on",
        "run: -rwxr-xr-x and -rw-r--r--",
    ]
    assert same_build.main([str(folder) for folder in folders]) == 1
