"""Licence texts and the bill of materials: of this environment, and of frozen folders made here."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from launcher.core.paths import resource
from launcher.services import licences
from launcher.services.licences import Component, Known, Licensed

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "packaging" / "licences"))

import add  # noqa: E402
import collect  # noqa: E402
import debian  # noqa: E402
import frozen  # noqa: E402
import leave_out  # noqa: E402
import sbom  # noqa: E402


def test_everything_this_source_runs_with_has_its_text() -> None:
    found = licences.shipped()
    names = {item.component.name for item in found}
    assert {"Launcher", "Python", "Lucide icons", "llama.cpp, ggml and llama-cpp-python", "keyring"} <= names
    assert [item.component.name for item in found if not collect.has_text(item)] == []
    assert len(names) == len(found)


def test_every_text_of_ours_is_used_and_exists() -> None:
    used = {name for entry in licences.known_components() for name in entry.texts}
    there = {path.name for path in resource("licences").glob("*.txt")}
    assert used == there
    assert resource("licences", "launcher.txt").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")


def test_what_the_lgpl_asks_for_is_there() -> None:
    qt = next(entry for entry in licences.known_components() if "pyside6-essentials" in entry.packages)
    assert qt.licence == "LGPL-3.0-only"
    assert {"qt-notice.txt", "lgpl-3.0.txt", "gpl-3.0.txt", "qt-third-party.txt"} == set(qt.texts)
    notice = " ".join(resource("licences", "qt-notice.txt").read_text("utf-8").split())
    for word in (
        "Copyright (C) The Qt Company",
        "put your files in place of those",
        "download.qt.io",
        "take the program apart",
    ):
        assert word in notice


def test_what_is_required_follows_extras_and_leaves_development_out() -> None:
    required = licences.required_packages()
    assert {"httpx2", "socksio", "huggingface-hub", "jinja2"} <= set(required)
    assert not {"pytest", "ruff", "pyright", "uv", "cmake"} & set(required)


# --- a frozen folder --------------------------------------------------------------------------------------------------

KNOWN = (
    Known("Launcher", "MIT", "", ("launcher.txt",), is_everywhere=True, files=("launcher",)),
    Known("A font", "OFL-1.1", "", ("stix.txt",), files=("*.ttf",)),
    Known("A library", "MIT", "", ("libffi.txt",), files=("libknown.so*",)),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A frozen program whose modules are told here; PyInstaller, which reads them, is no part of the environment."""
    made = tmp_path / "launcher"
    (made / "_internal" / "resources" / "licences").mkdir(parents=True)
    (made / "launcher").write_bytes(b"program")
    (made / "_internal" / "base_library.zip").touch()
    (made / "_internal" / "resources" / "gpus.json").write_text("{}")
    modules = [
        "launcher",
        "launcher.core",
        "json.decoder",
        "keyring.backend",
        "jaraco.context",
        "jaraco",
        "pyi_rth_inspect",
    ]
    monkeypatch.setattr(frozen, "_modules", lambda _folder: iter(modules))
    monkeypatch.setattr(frozen, "BUILDER", "pytest")  # stands in for what is not installed
    monkeypatch.setattr(licences, "known_components", lambda: KNOWN)
    return made


def test_a_folder_is_accounted_for_file_by_file(folder: Path) -> None:
    inside = frozen.look_into(folder, KNOWN)
    assert inside.packages == {"pytest", "keyring", "jaraco-context"}
    assert inside.known == {"Launcher"}
    assert inside.system == []
    assert inside.unclear == []
    (folder / "_internal" / "x.ttf").touch()
    (folder / "_internal" / "libknown.so.2").touch()
    (folder / "_internal" / "libstrange.so.1").touch()
    (folder / "_internal" / "odd.bin").touch()
    inside = frozen.look_into(folder, KNOWN)
    assert inside.known == {"Launcher", "A font", "A library"}
    assert [path.name for path in inside.system] == ["libstrange.so.1"]
    assert inside.unclear == ["file odd.bin: no component has it"]


def test_texts_and_bill_are_written_into_the_program(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    (folder / "_internal" / "resources" / "licences" / "microsoft-runtime.txt").write_text("not of this program")
    assert collect.main([str(folder)]) == 0
    texts = folder / "_internal" / "resources" / "licences"
    listed = {c.name: c for c in collect.read_index(texts)}
    assert set(listed) == {"Launcher", "keyring", "jaraco.context", "pytest"}
    for component in listed.values():
        assert component.texts
        for name in component.texts:
            assert (texts / name).read_text("utf-8").strip()
    assert not (texts / "microsoft-runtime.txt").exists()
    # The program reads what was written.
    monkeypatch.setattr(licences, "resource", lambda *parts: folder.joinpath("_internal", "resources", *parts))
    assert {item.component.name for item in licences.shipped()} == set(listed)
    bill = json.loads((folder / "sbom.cdx.json").read_text("utf-8"))
    assert bill["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
    assert {c["name"] for c in bill["components"]} == set(listed) - {"Launcher"}
    # Again: the same bytes.
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert collect.main([str(folder)]) == 0
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_what_a_package_does_without_is_in_neither_list_nor_bill(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's package leaves Debian's own libraries out; of one with two files, one is still something."""

    def component(package: str) -> Licensed:
        text = f"Of {package}. " * 50
        source = f"https://snapshot.debian.org/package/{package}/1/"
        return Licensed(Component(package, "1", "MIT", source), (("copyright", text),))

    owners = {"libssl.so.3": "libssl3", "libcrypto.so.3": "libssl3", "libffi.so.8": "libffi8"}
    monkeypatch.setattr(debian, "_package", owners.get)
    monkeypatch.setattr(debian, "component", component)
    for name in owners:
        (folder / "_internal" / name).touch()
    assert collect.main([str(folder)]) == 0
    texts, bill = folder / "_internal" / "resources" / "licences", folder / "sbom.cdx.json"

    def told() -> tuple[set[str], set[str], dict[str, list[str]]]:
        """Names in the list, names in the bill, files by name; every dependency of the bill is one of its components."""
        document = json.loads(bill.read_text("utf-8"))
        refs = {c["bom-ref"] for c in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
        edges = document["dependencies"]
        assert {e["ref"] for e in edges} == refs
        assert {ref for e in edges for ref in e["dependsOn"]} <= refs
        files = {
            c["name"]: [o["location"] for o in c["evidence"]["occurrences"]]
            for c in document["components"]
            if "evidence" in c
        }
        return {c.name for c in collect.read_index(texts)}, {c["name"] for c in document["components"]}, files

    whole = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert told()[2] == {
        "libssl3": ["_internal/libcrypto.so.3", "_internal/libssl.so.3"],
        "libffi8": ["_internal/libffi.so.8"],
    }
    assert leave_out.main([str(folder)]) == 0
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == whole, "nothing went, nothing changes"
    before = told()
    (folder / "_internal" / "libssl.so.3").unlink()
    (folder / "_internal" / "libffi.so.8").unlink()
    assert leave_out.main([str(folder)]) == 0
    listed, billed, files = told()
    assert before[0] - listed == before[1] - billed == {"libffi8"}
    assert files == {"libssl3": ["_internal/libcrypto.so.3"]}
    assert not (texts / "libffi8").exists()
    assert (texts / "libssl3" / "copyright").exists()


@pytest.mark.parametrize("name", ["_internal/odd.bin", "_internal/libnobodyhas.so.9"])
def test_what_nothing_accounts_for_stops_it(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (folder / name).write_bytes(b"\x7fELF")
    assert collect.main([str(folder)]) == 1
    assert Path(name).name in capsys.readouterr().err
    assert not (folder / "sbom.cdx.json").exists()


def test_a_component_without_a_text_stops_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = licences.package_texts
    monkeypatch.setattr(licences, "package_texts", lambda name: () if name == "keyring" else real(name))
    assert collect.main([str(folder)]) == 1
    assert re.search(r"keyring \S+: no licence text", capsys.readouterr().err)
    assert not (folder / "_internal" / "resources" / "licences" / "index.json").exists()


def test_a_macos_bundle_has_its_bill_inside(tmp_path: Path) -> None:
    (tmp_path / "Launcher.app" / "Contents" / "Resources").mkdir(parents=True)
    assert collect.bill_place(tmp_path / "Launcher.app").parent.name == "Resources"


# --- the bill ---------------------------------------------------------------------------------------------------------


def bill_of(path: Path, *components: Component, **needs: list[str]) -> dict[str, object]:
    sbom.write(path, components, needs, "debian")
    return json.loads(path.read_text("utf-8"))


def test_the_bill_has_cyclonedx_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    one = Component("One", "1.0", "MIT", "https://one.example", (), "one")
    two = Component("Two", "2.0", "MPL-2.0 AND MIT", "", (), "two")
    library = Component("libx1", "1:2.0+b1", "see the text", "https://snapshot.debian.org/package/libx/1/")
    bill = bill_of(tmp_path / "a", one, two, library, one=["two"])
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(bill["serialNumber"]))
    entries = {c["name"]: c for c in bill["components"]}  # pyright: ignore
    assert entries["One"]["licenses"] == [{"license": {"id": "MIT"}}]
    assert entries["Two"]["licenses"] == [{"expression": "MPL-2.0 AND MIT"}]
    assert entries["libx1"]["licenses"] == [{"license": {"name": "see the text"}}]
    assert entries["One"]["purl"] == "pkg:pypi/one@1.0"
    assert entries["libx1"]["purl"] == "pkg:deb/debian/libx1@1%3A2.0%2Bb1"
    edges = {e["ref"]: e["dependsOn"] for e in bill["dependencies"]}  # pyright: ignore
    assert edges["pkg:pypi/one@1.0"] == ["pkg:pypi/two@2.0"]
    refs = {c["bom-ref"] for c in bill["components"]}  # pyright: ignore
    assert set(edges) == refs | {bill["metadata"]["component"]["bom-ref"]}  # pyright: ignore
    # The same components: the same bytes, in whatever order they were found.
    sbom.write(tmp_path / "b", (library, two, one), {"one": ["two"]}, "debian")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_components_can_be_added_to_a_program_that_was_collected(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert collect.main([str(folder)]) == 0
    source = "https://snapshot.debian.org/package/fuse3/3.14/"
    fuse = Licensed(Component("libfuse3-dev", "3.14", "LGPL-2.1", source), (("copyright", "text " * 50),))
    monkeypatch.setattr(debian, "component", lambda _package: fuse)
    monkeypatch.setattr(debian, "purl_namespace", lambda: "debian")
    for _ in range(2):  # the second time it is replaced
        assert add.main([str(folder), "libfuse3-dev"]) == 0
        texts = folder / "_internal" / "resources" / "licences"
        listed = {c.name: c for c in collect.read_index(texts)}
        assert listed["libfuse3-dev"].texts == ("libfuse3-dev/copyright",)
        assert (texts / "keyring" / "LICENSE").is_file()
        for component in listed.values():
            assert all((texts / name).is_file() for name in component.texts), component
        bill = json.loads((folder / "sbom.cdx.json").read_text("utf-8"))
        assert [c["purl"] for c in bill["components"] if c["name"] == "libfuse3-dev"] == [
            "pkg:deb/debian/libfuse3-dev@3.14"
        ]
        top = next(e for e in bill["dependencies"] if e["ref"] == bill["metadata"]["component"]["bom-ref"])
        assert len(top["dependsOn"]) == len(bill["components"]) == len(listed) - 1


def test_licence_of_a_debian_copyright_file() -> None:
    text = "Files: *\nCopyright: A\n B\nLicense: Expat\n text\n\nFiles: tests/*\nLicense: GPL-2+\n"
    assert debian._licence(text) == "Expat"
    assert debian._licence("It is free.\nLicense: x\n") == "see the text"


def test_texts_that_many_refer_to_are_written_once(tmp_path: Path) -> None:
    shared = ("common/GPL-2.txt", "the same")
    found = [Licensed(Component(n), (("copyright", n), shared)) for n in ("liba", "libb")]
    collect.write_texts(tmp_path / "texts", found)
    assert sorted(p.relative_to(tmp_path / "texts").as_posix() for p in (tmp_path / "texts").rglob("*.txt")) == [
        "common/GPL-2.txt"
    ]
