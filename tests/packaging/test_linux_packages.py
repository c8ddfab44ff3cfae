"""The Linux packages of a small stand-in for the frozen program: what is in them, who they need, the same bytes twice."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging" / "linux"))

import appimage  # noqa: E402 - a script, not a package
import deb  # noqa: E402
import integration  # noqa: E402
import release  # noqa: E402

pytestmark = pytest.mark.skipif(
    shutil.which("dpkg-deb") is None, reason="dpkg-deb makes Debian packages; this is another system"
)
NAME = "launcher-for-deepseek"


@pytest.fixture
def frozen(tmp_path: Path) -> Path:
    """A program that links to the C library, a library that Debian has too, two names of one file, and a list of licences."""
    folder = tmp_path / "launcher"
    licences = folder / "_internal" / "resources" / "licences"
    licences.mkdir(parents=True)
    program = shutil.which("true")
    assert program is not None
    shutil.copy(program, folder / "launcher")
    # Python has whatever is asked of a library; it needs none but the C library's.
    shutil.copy(program, folder / "_internal" / "libgomp.so.1")
    (folder / "_internal" / "a.txt").write_text("once on the disk" * 1000)
    os.link(folder / "_internal" / "a.txt", folder / "_internal" / "b.txt")
    (licences / "psf.txt").write_text("PSF LICENSE AGREEMENT\n")
    (licences / "gomp.txt").write_text("GNU GENERAL PUBLIC LICENSE\n")
    python = {
        "name": "Python",
        "version": "3.13.1",
        "licence": "PSF-2.0",
        "source": "https://python.org",
        "texts": ["psf.txt"],
        "package": "",
    }
    gomp = {**python, "name": "libgomp1", "version": "12.2.0", "licence": "GPL-3.0-or-later", "texts": ["gomp.txt"]}
    (licences / "index.json").write_text(json.dumps([gomp, python]))
    bill = {
        "metadata": {"component": {"bom-ref": "x"}},
        "components": [
            {
                "bom-ref": "gomp",
                "name": "libgomp1",
                "evidence": {"occurrences": [{"location": "_internal/libgomp.so.1"}]},
            },
            {"bom-ref": "python", "name": "Python"},
        ],
        "dependencies": [
            {"ref": "gomp", "dependsOn": []},
            {"ref": "python", "dependsOn": []},
            {"ref": "x", "dependsOn": ["gomp", "python"]},
        ],
    }
    (folder / "sbom.cdx.json").write_text(json.dumps(bill))
    return folder


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in links to nothing; the check of real folders says so."""
    look = deb.check.look

    def without_idle(folder: Path) -> deb.check.Findings:
        found = look(folder)
        found.problems = [p for p in found.problems if "nothing links to it" not in p]
        return found

    monkeypatch.setattr(deb.check, "look", without_idle)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def field(package: Path, name: str) -> str:
    return subprocess.run(
        ["dpkg-deb", "-f", str(package), name], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()


def unpacked(package: Path, target: Path) -> Path:
    subprocess.run(["dpkg-deb", "-R", str(package), str(target)], check=True)
    return target


@pytest.mark.usefixtures("lenient")
def test_the_same_folder_gives_the_same_bytes(frozen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    first = deb.build(frozen, tmp_path / "one", "1.2.3")
    for path in frozen.rglob("*"):
        os.utime(path, (1, 1))  # another day, another computer
    assert sha256(deb.build(frozen, tmp_path / "two", "1.2.3")) == sha256(first)
    assert first.name == f"{NAME}_1.2.3-1_amd64.deb"
    assert sorted(p.name for p in (tmp_path / "one").iterdir()) == [first.name], "nothing else is left"


@pytest.mark.usefixtures("lenient")
def test_what_is_in_it(frozen: Path, tmp_path: Path) -> None:
    package = deb.build(frozen, tmp_path / "out", release.version())
    root = unpacked(package, tmp_path / "root")
    place = root / "usr/lib" / NAME
    assert (root / "usr/bin/launcher").resolve() == (place / "launcher").resolve()
    assert sha256(place / "launcher") == sha256(frozen / "launcher")
    assert (place / "_internal/a.txt").stat().st_ino == (place / "_internal/b.txt").stat().st_ino
    # Debian's own library gets Debian's security updates.
    assert not (place / "_internal/libgomp.so.1").exists()
    assert (frozen / "_internal/libgomp.so.1").exists()
    assert "libgomp1" in field(package, "Depends").split(", ")
    assert any(d.startswith("libc6 (>= 2.") for d in field(package, "Depends").split(", "))
    assert sorted(p.name for p in (root / "DEBIAN").iterdir()) == ["control", "md5sums"], "nothing runs as root"
    checked = subprocess.run(
        ["md5sum", "--check", "--quiet", "DEBIAN/md5sums"], cwd=root, stdout=subprocess.PIPE, text=True
    )
    assert (checked.returncode, checked.stdout) == (0, "")
    for side_px in (16, 24, 32, 48, 64, 128, 256, 512):
        png = root / f"usr/share/icons/hicolor/{side_px}x{side_px}/apps/{NAME}.png"
        assert int.from_bytes(png.read_bytes()[16:20], "big") == side_px
        assert (root / f"usr/share/icons/hicolor/{side_px}x{side_px}/mimetypes/application-x-gguf.png").exists()
    assert (root / f"usr/share/icons/hicolor/scalable/apps/{NAME}.svg").exists()
    copyright_text = (root / f"usr/share/doc/{NAME}/copyright").read_text("utf-8")
    assert "Python 3.13.1" in copyright_text
    # What Debian brings is no part of the package, and of none of its lists.
    assert "libgomp1" not in copyright_text
    bill = json.loads((place / "sbom.cdx.json").read_text("utf-8"))
    assert [c["name"] for c in bill["components"]] == ["Python"]
    assert {"ref": "x", "dependsOn": ["python"]} in bill["dependencies"]
    assert "libgomp1" in (frozen / "sbom.cdx.json").read_text("utf-8")
    texts = {p.read_text("utf-8") for p in (place / "_internal/resources/licences").rglob("*.txt")}
    assert texts == {"PSF LICENSE AGREEMENT\n"}
    changelog = gzip.decompress((root / f"usr/share/doc/{NAME}/changelog.Debian.gz").read_bytes()).decode()
    assert changelog.startswith(f"{NAME} ({release.version()}-1) ")


@pytest.mark.usefixtures("lenient")
def test_a_bill_of_other_libraries_stops_it(frozen: Path, tmp_path: Path) -> None:
    (frozen / "_internal" / "libgomp.so.1").rename(frozen / "_internal" / "libffi.so.8")
    bill = frozen / "sbom.cdx.json"
    bill.write_text(bill.read_text("utf-8").replace("libgomp.so.1", "b.txt"))
    with pytest.raises(deb.PackageError, match=r"b\.txt"):
        deb.build(frozen, tmp_path / "out", "1.0")


@pytest.mark.usefixtures("lenient")
def test_everybody_may_read_it_and_nobody_write(frozen: Path, tmp_path: Path) -> None:
    (frozen / "_internal/a.txt").chmod(0o600)
    (frozen / "_internal/module.abi3.so").touch(0o775)
    package = deb.build(frozen, tmp_path / "out", "1.0")
    listed = subprocess.run(["dpkg-deb", "-c", str(package)], stdout=subprocess.PIPE, text=True, check=True).stdout
    rights = {line.split()[0] for line in listed.splitlines()}
    assert rights == {"drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x", "lrwxrwxrwx", "hrw-r--r--"}
    assert [line.split()[0] for line in listed.splitlines() if "module.abi3.so" in line] == ["-rw-r--r--"]
    assert {line.split()[1] for line in listed.splitlines()} == {"root/root"}


def test_what_no_package_has_stops_the_build(frozen: Path, tmp_path: Path) -> None:
    with pytest.raises(deb.PackageError, match=r"libgomp\.so\.1 travels along, but nothing links to it"):
        deb.build(frozen, tmp_path / "out", "1.0")
    assert list((tmp_path / "out").iterdir()) == []
    with pytest.raises(deb.PackageError, match="is no frozen program"):
        deb.build(tmp_path / "nothing", tmp_path / "out", "1.0")


def test_the_desktop_entry_and_the_page_in_software_centres_are_valid(tmp_path: Path) -> None:
    integration.write(tmp_path / "usr", release.version(), "https://example.org/pictures")
    entry = tmp_path / f"usr/share/applications/{NAME}.desktop"
    page = tmp_path / f"usr/share/metainfo/{NAME}.metainfo.xml"
    assert ET.parse(page).findtext("releases/release/description/ul/li")
    assert len(ET.parse(page).findall("screenshots/screenshot/image")) == len(integration.PICTURES)
    assert all((ROOT / "resources/screenshots" / name).exists() for name, _caption in integration.PICTURES)
    if shutil.which("desktop-file-validate"):
        done = subprocess.run(
            ["desktop-file-validate", str(entry)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert (done.returncode, done.stdout) == (0, "")
    if shutil.which("appstreamcli"):
        done = subprocess.run(["appstreamcli", "validate", "--no-net", str(page)], stdout=subprocess.PIPE, text=True)
        remarks = {line.split()[2] for line in done.stdout.splitlines() if line[:2] in ("E:", "W:", "I:")}
        assert remarks <= {"cid-desktopapp-is-not-rdns"}, done.stdout  # packaging/linux/README.md tells why


def test_without_an_address_no_pictures_are_promised() -> None:
    assert "screenshot" not in integration.metainfo(release.version())


@pytest.mark.skipif(shutil.which("update-mime-database") is None, reason="needs shared-mime-info")
def test_model_files_are_known_by_name_and_by_their_first_bytes(tmp_path: Path) -> None:
    integration.write(tmp_path / "usr", "1.0")
    mime = tmp_path / "usr/share/mime"
    subprocess.run(["update-mime-database", str(mime)], check=True)
    assert "50:application/x-gguf:*.gguf" in (mime / "globs2").read_text().splitlines()
    assert b"[60:application/x-gguf]\n>0=\0\x04GGUF" in (mime / "magic").read_bytes()


def test_changes_are_read_from_the_changelog() -> None:
    found = release.releases(
        "# Changes\n\n## 1.1.0\nFaster.\n\n- One\n  thing.\n- **Two** `x` [y](z).\n\n## 1.0.0\n- First.\n"
    )
    assert [(r.version, r.paragraph, r.changes) for r in found] == [
        ("1.1.0", "Faster.", ("One thing.", "**Two** `x` [y](z).")),
        ("1.0.0", "", ("First.",)),
    ]
    assert release.releases((ROOT / "CHANGELOG.md").read_text("utf-8"))[0].version == release.version()


_HAS_APPIMAGE_TOOLS = (
    shutil.which("gcc") and shutil.which("mksquashfs") and Path("/usr/include/squashfuse/ll.h").exists()
    and Path("/usr/include/fuse3/fuse.h").exists()
)  # fmt: skip


@pytest.mark.skipif(not _HAS_APPIMAGE_TOOLS, reason="needs gcc, mksquashfs, libsquashfuse-dev and libfuse3-dev")
def test_an_appimage_runs_and_unpacks(frozen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    script = (
        '#!/bin/sh\necho "$PWD|$*|$(cat "$APPDIR/usr/lib/launcher-for-deepseek/_internal/b.txt" | wc -c)"; exit 7\n'
    )
    (frozen / "launcher").write_text(script)
    made = appimage.build(frozen, tmp_path / "out", "1.2.3")
    assert made.name == f"{NAME}-1.2.3-x86_64.AppImage"
    assert made.read_bytes()[8:11] == b"AI\x02"
    assert sha256(appimage.build(frozen, tmp_path / "two", "1.2.3")) == sha256(made)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([str(made), *arguments], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        return done.returncode, done.stdout.strip()

    expected = f"{tmp_path}|a b.gguf --debug|16000"
    assert run("--appimage-extract-and-run", "a b.gguf", "--debug") == (7, expected)
    assert list(temporary.iterdir()) == [], "what was unpacked is removed"
    assert run("a b.gguf", "--debug") == (7, expected), "through FUSE where there is one, unpacked elsewhere"
    assert run("--appimage-extract") == (0, "")
    unpacked_folder = tmp_path / "squashfs-root"
    assert (unpacked_folder / "AppRun").resolve() == (unpacked_folder / "usr/lib" / NAME / "launcher").resolve()
    assert (unpacked_folder / f"{NAME}.desktop").read_text("utf-8").startswith("[Desktop Entry]")
    index = json.loads(
        (unpacked_folder / "usr/lib" / NAME / "_internal/resources/licences/index.json").read_text("utf-8")
    )
    assert any("fuse" in component["name"] for component in index), "what the executable part is linked with is named"
    assert (unpacked_folder / ".DirIcon").read_bytes()[:4] == b"\x89PNG"
    assert sha256(unpacked_folder / "usr/lib" / NAME / "_internal/b.txt") == sha256(frozen / "_internal/b.txt")
