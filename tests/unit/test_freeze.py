"""What goes into the installed program: nothing it reads or imports is forgotten, and the archive is the same every time."""

from __future__ import annotations

import importlib.util
import os
import re
import struct
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest

from launcher.core import own_program

ROOT = Path(__file__).resolve().parents[2]
FREEZE = ROOT / "packaging" / "freeze"
SOURCES = {p: p.read_text("utf-8") for p in sorted((ROOT / "launcher").rglob("*.py"))}


def _load(name: str) -> ModuleType:
    """One of the scripts, as another one would import it."""
    if str(FREEZE) not in sys.path:
        sys.path.append(str(FREEZE))
    return importlib.import_module(name)


contents, elf, check, tarball = _load("contents"), _load("elf"), _load("check"), _load("tarball")


# --- what is inside ---------------------------------------------------------------------------------------------------


def test_every_resource_that_the_program_reads_goes_along() -> None:
    files = {f"{folder}/{path.name}".removeprefix("resources/") for path, folder in contents.resources()}
    folders = {f.rpartition("/")[0] for f in files}
    read = {
        "/".join(re.findall(r'"([^"]+)"', call))
        for text in SOURCES.values()
        for call in re.findall(r"(?<!def )\bresource\(([^)]*)\)", text)
    } - {""}
    assert {"catalog/models.json", "gpus.json", "i18n"} <= read, "the search finds what is known"
    for place in read:
        where = place.rpartition("/")[0] if "{" in place else place
        assert where in files | folders, f"{place} is read, but left out"


def test_what_only_developers_need_stays_behind() -> None:
    names = [f"{folder}/{path.name}" for path, folder in contents.resources()]
    assert not [n for n in names if n.endswith((".ts", ".py", ".md")) or "/screenshots" in n or "/engines" in n]
    assert "resources/models/launcher-tiny.gguf" in names
    assert "resources/i18n/launcher_zh_CN.qm" in names


def test_every_module_that_is_imported_by_its_name_goes_along() -> None:
    named = {n for text in SOURCES.values() for n in re.findall(r'import_module\("([\w.]+)"\)', text)}
    assert {"pynvml", "llama_cpp.llama_cpp"} <= named
    known = set(contents.HIDDEN_IMPORTS)
    for name in named:
        top = name.split(".")[0]
        # launcher is taken whole, PySide6 by import statements; winreg is part of every Python for Windows.
        assert name in known or top in ("launcher", "PySide6", "winreg", "re"), name


def test_every_module_of_ours_goes_along() -> None:
    modules = contents.own_modules()
    assert {"launcher", "launcher.__main__", "launcher.app.workspace", "launcher.engine.worker.main"} <= set(modules)
    from launcher.cli.main import COMMANDS

    assert {module for module, _ in COMMANDS.values()} <= set(modules)


def test_hidden_imports_exist_and_none_is_excluded() -> None:
    for name in contents.HIDDEN_IMPORTS:
        excluded = [e for e in contents.EXCLUDED_MODULES if name == e or name.startswith(e + ".")]
        assert not excluded, f"{name} is wanted and left out"
        if not name.startswith("llama_cpp"):  # cannot be imported where these tests run
            assert importlib.util.find_spec(name) is not None, name


def test_every_part_of_qt_that_is_imported_goes_along() -> None:
    imported = {
        n for text in SOURCES.values() for n in re.findall(r"^\s*from PySide6\.Qt(\w+) import", text, re.MULTILINE)
    }
    assert {"Core", "Widgets", "Svg"} <= imported
    assert imported <= set(contents.QT_MODULES)


@pytest.mark.parametrize(
    ("inside", "source", "wanted"),
    [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", "/venv/x", True),
        ("PySide6/Qt/plugins/platforms/libqeglfs.so", "/venv/x", False),
        ("PySide6/Qt/plugins/sqldrivers/libqsqlite.so", "/venv/x", False),
        ("PySide6/plugins/platforms/qwindows.dll", "/venv/x", True),
        ("PySide6/plugins/tls/qopensslbackend.dll", "/venv/x", False),
        ("PySide6/Qt/lib/libQt6Core.so.6", "/venv/x", True),
        ("PySide6/Qt/lib/libQt6Quick.so.6", "/venv/x", False),
        ("PySide6/Qt6Widgets.dll", "/venv/x", True),
        ("PySide6/Qt6Qml.dll", "/venv/x", False),
        ("PySide6/Qt/lib/QtQml.framework/Versions/A/QtQml", "/venv/x", False),
        ("PySide6/Qt/lib/QtGui.framework/Versions/A/QtGui", "/venv/x", True),
        ("libQt6Gui.so.6", "/venv/lib/libQt6Gui.so.6", True),
        ("libQt6Quick.so.6", str(ROOT / "PySide6/Qt/lib/libQt6Quick.so.6"), False),  # a link, its target relative
        ("PySide6/QtSvg.abi3.so", "/venv/x", True),
        ("PySide6/QtQml.abi3.so", "/venv/x", False),
        ("PySide6/Qt/translations/qtbase_zh_CN.qm", "/venv/x", True),
        ("PySide6/Qt/translations/qtbase_de.qm", "/venv/x", False),
        ("PySide6/Qt/translations/assistant_zh_CN.qm", "/venv/x", False),
        ("PySide6/Qt/lib/libicudata.so.73", "/venv/x", True),
        ("llama_cpp/lib/libllama.so", "/venv/x", False),
        ("libssl.so.3", "/usr/lib/x86_64-linux-gnu/libssl.so.3", True),
        ("libstdc++.so.6", "/usr/lib/x86_64-linux-gnu/libstdc++.so.6", False),
        ("libreadline.so.8", "/usr/lib/x86_64-linux-gnu/libreadline.so.8", False),
        ("libgtk-3.so.0", "/usr/lib/x86_64-linux-gnu/libgtk-3.so.0", False),
        ("python3.13/lib-dynload/_ssl.cpython-313-x86_64-linux-gnu.so", "/python/x", True),
        ("libpython3.13.so.1.0", "/python/lib/libpython3.13.so.1.0", True),
        ("keyring-25.7.0.dist-info/entry_points.txt", "/venv/x", True),
        ("keyring-25.7.0.dist-info/METADATA", "/venv/x", True),
        ("keyring-25.7.0.dist-info/RECORD", "/venv/x", False),
        ("llama_cpp_python-0.3.36.dist-info/direct_url.json", "/venv/x", False),
    ],
)
def test_what_is_collected_is_sorted_out(inside: str, source: str, wanted: bool) -> None:
    assert contents.is_wanted(inside, source, [Path("/venv"), Path("/python"), ROOT], linux=True) is wanted


def test_no_library_is_both_brought_and_asked_for() -> None:
    assert not contents.BUNDLED_LIBRARIES.keys() & contents.SYSTEM_LIBRARIES.keys()
    # Older copies of these would break the system's own graphics drivers.
    assert not {"libstdc++.so.6", "libgcc_s.so.1", "libz.so.1", "libX11.so.6"} & contents.BUNDLED_LIBRARIES.keys()


# --- how it starts itself ---------------------------------------------------------------------------------------------


def test_only_one_place_knows_how_the_program_starts_itself() -> None:
    starters = {
        p: text for p, text in SOURCES.items() if re.search(r"import subprocess|QProcess|os\.(?:exec|spawn)", text)
    }
    assert len(starters) >= 3, "the search finds those that start something"
    assert not [p for p, text in starters.items() if "sys.executable" in text]
    users = {p.relative_to(ROOT).as_posix() for p, text in SOURCES.items() if '"-m", "launcher"' in text}
    assert users == {"launcher/core/own_program.py"}


def test_from_source_it_is_a_module_of_this_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    assert own_program.folder() is None
    assert own_program.command("file-worker", "pdf") == [sys.executable, "-P", "-m", "launcher", "file-worker", "pdf"]
    assert own_program.environment()["PYTHONPATH"].split(os.pathsep) == [str(ROOT), "elsewhere"]


def test_frozen_it_is_the_program_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "launcher").touch()
    (tmp_path / "launcher").symlink_to("real/launcher")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "launcher"))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert own_program.command("engine-worker") == [str(tmp_path / "launcher"), "engine-worker"]
    assert "PYTHONPATH" not in own_program.environment()
    assert own_program.environment()["PYINSTALLER_RESET_ENVIRONMENT"] == "1", (
        "else a worker has no path to our libraries"
    )
    assert own_program.folder() == tmp_path / "real", "engine packs lie beside the program, not beside a link to it"


def test_on_windows_the_program_with_a_console_does_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "launcher-gui.exe"))
    monkeypatch.setattr(sys, "platform", "win32")
    assert own_program.command("engine-worker") == [str(tmp_path / own_program.CONSOLE_PROGRAM), "engine-worker"]
    spec = (FREEZE / "launcher.spec").read_text("utf-8")
    assert f'program("{own_program.CONSOLE_PROGRAM.removesuffix(".exe")}", console=not MACOS)' in spec
    assert 'program("launcher-gui", console=False)' in spec


@pytest.mark.parametrize(("before", "after"), [("/opt/theirs", "/opt/theirs"), (None, None)])
def test_other_programs_get_the_users_own_libraries(
    monkeypatch: pytest.MonkeyPatch, before: str | None, after: str | None
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("LD_LIBRARY_PATH", "/program/_internal")
    if before is None:
        monkeypatch.delenv("LD_LIBRARY_PATH_ORIG", raising=False)
    else:
        monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", before)
    own_program.restore_environment()
    assert os.environ.get("LD_LIBRARY_PATH") == after
    assert "LD_LIBRARY_PATH_ORIG" not in os.environ


# --- the check of the finished folder ---------------------------------------------------------------------------------


def _library(path: Path, needed: list[str], extra: bytes = b"", search: str | None = None, tag: int = 29) -> None:
    """A file with the parts of an ELF library that are read: two segments, the dynamic table, the strings."""
    strings = b"\0" + b"".join(n.encode() + b"\0" for n in needed) + extra
    at = {name: strings.index(name.encode()) for name in needed}
    paths = [] if search is None else [(tag, len(strings))]  # RUNPATH; 15 is RPATH
    strings += b"" if search is None else search.encode() + b"\0"
    head, table = 64 + 2 * 56, [*paths, *((1, at[n]) for n in needed), (5, 0), (10, len(strings)), (0, 0)]
    start = head + len(table) * 16
    table[len(paths) + len(needed)] = (5, start)
    data = struct.pack("<4sBB10xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    size = start + len(strings)
    data += struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, size, size, 4096)
    data += struct.pack("<IIQQQQQQ", 2, 4, head, head, head, len(table) * 16, len(table) * 16, 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data + b"".join(struct.pack("<qQ", *entry) for entry in table) + strings)


def test_the_reader_agrees_with_what_was_written(tmp_path: Path) -> None:
    _library(tmp_path / "a.so", ["libc.so.6", "libother.so.2"], b"GLIBC_2.4\0GLIBC_2.34\0GLIBCXX_3.4.9\0")
    needs = elf.read(tmp_path / "a.so")
    assert needs.libraries == ("libc.so.6", "libother.so.2")
    assert needs.versions == {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 9)}
    (tmp_path / "text").write_text("no library")
    assert elf.read(tmp_path / "text") is None


@pytest.mark.parametrize("tag", [15, 29])
def test_search_paths_are_read_and_taken_out(tmp_path: Path, tag: int) -> None:
    file = tmp_path / "a.so"
    _library(file, ["libc.so.6"], b"GLIBC_2.4\0", "/home/me/python/lib:$ORIGIN", tag)
    before = elf.read(file)
    assert before.search_paths == ("/home/me/python/lib", "$ORIGIN")
    size_bytes = file.stat().st_size
    elf.drop_search_paths(file)
    after = elf.read(file)
    assert (after.libraries, after.versions, after.search_paths) == (before.libraries, before.versions, ())
    assert file.stat().st_size == size_bytes
    elf.drop_search_paths(file)
    assert elf.read(file) == after


@pytest.mark.skipif(sys.platform != "linux", reason="reads ELF files of this system")
def test_a_real_module_still_loads_without_its_search_paths(tmp_path: Path) -> None:
    spec = importlib.util.find_spec("_queue")
    assert spec is not None
    if not spec.has_location or spec.origin is None:
        pytest.skip("it is part of this interpreter itself")
    copy = tmp_path / Path(spec.origin).name
    copy.write_bytes(Path(spec.origin).read_bytes())
    elf.drop_search_paths(copy)
    assert elf.read(copy).search_paths == ()
    load = "import sys; sys.path.insert(0, sys.argv[1]); import _queue; print(_queue.__file__)"
    done = subprocess.run([sys.executable, "-c", load, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(copy)


@pytest.mark.parametrize(
    ("search", "is_fine"),
    [
        ("$ORIGIN", True),
        ("$ORIGIN/:$ORIGIN/../Qt/lib:${ORIGIN}/..", True),
        ("$ORIGIN/../../..", False),
        ("/home/builder/python-3.11/lib", False),
        ("$ORIGIN:/opt/qt/lib", False),
        ("lib", False),
        ("$ORIGIN:", False),
    ],
)
def test_no_file_has_the_loader_look_outside_of_the_program(tmp_path: Path, search: str, is_fine: bool) -> None:
    _library(tmp_path / "launcher", ["libc.so.6"])
    _library(tmp_path / "_internal" / "PySide6" / "a.so", ["libc.so.6"], search=search)
    problems = check.look(tmp_path).problems
    assert (problems == []) is is_fine
    assert all("_internal/PySide6/a.so has the loader look in" in p for p in problems)


def test_a_complete_folder_passes_and_says_what_it_takes_from_the_system(tmp_path: Path) -> None:
    _library(tmp_path / "launcher", ["libc.so.6", "libown.so.1"])
    _library(tmp_path / "_internal" / "libown.so.1", ["libz.so.1"], b"GLIBC_2.35\0")
    _library(tmp_path / "engines" / "vulkan" / "libggml-vulkan.so", ["libvulkan.so.1"])
    found = check.look(tmp_path)
    assert found.problems == []
    assert found.packages == {"libc6", "zlib1g"}
    assert found.optional_packages == {"libvulkan1"}


def test_what_a_bare_computer_would_miss_is_found(tmp_path: Path) -> None:
    _library(tmp_path / "launcher", ["libforgotten.so.1", "libvulkan.so.1"], b"GLIBC_2.99\0")
    _library(tmp_path / "_internal" / "libgomp.so.1", ["libc.so.6"])
    (tmp_path / "_internal" / "link").symlink_to("nowhere")
    problems = " | ".join(check.look(tmp_path).problems)
    assert "libforgotten.so.1" in problems
    assert "libvulkan.so.1" in problems, "only the Vulkan backend may want it"
    assert "GLIBC 2.99" in problems
    assert "libgomp.so.1 travels along" in problems
    assert "link leads nowhere" in problems


# --- the archive ------------------------------------------------------------------------------------------------------


def _folder(place: Path, names: list[str]) -> Path:
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name)
    (place / "launcher").chmod(0o700)
    os.link(place / "engines/cpu/lib.so", place / "engines/vulkan.so")
    (place / "_internal/link").symlink_to("python")
    return place


def test_the_archive_is_the_same_whenever_and_wherever_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    names = ["launcher", "engines/cpu/lib.so", "_internal/python", "_internal/b/c"]
    first = tarball.make(_folder(tmp_path / "one", names), tmp_path)
    before = first.read_bytes()
    other = _folder(tmp_path / "two", names[::-1])
    os.utime(other / "launcher", (1, 1))
    (other / "_internal" / "python").chmod(0o600)
    assert tarball.make(other, tmp_path).read_bytes() == before

    with tarfile.open(first) as tar:
        entries = {e.name.partition("/")[2]: e for e in tar}
        assert {(e.mtime, e.uid, e.gid, e.uname) for e in entries.values()} == {(1700000000, 0, 0, "")}
        assert {e.name.partition("/")[0] for e in tar} == {first.name.removesuffix(".tar.xz")}
    assert entries["launcher"].mode == 0o755
    assert entries["_internal/python"].mode == 0o644
    assert entries["engines/vulkan.so"].islnk(), "what two engine packs share is stored once"
    assert entries["_internal/link"].issym()
    assert entries["README.txt"].size


@pytest.mark.skipif(sys.platform != "linux", reason="the archive is for Linux")
@pytest.mark.parametrize("name", ["launcher", 'a "quoted" & $HOME `x` 100% back\\slash | pipe'])
def test_the_unpacked_copy_adds_itself_to_the_menu_and_goes_again(tmp_path: Path, name: str) -> None:
    folder, data = tmp_path / name, tmp_path / "share"
    for file in tarball.DESKTOP_FILES:
        (folder / "desktop").mkdir(parents=True, exist_ok=True)
        (folder / "desktop" / file).write_bytes((tarball.DESKTOP / file).read_bytes())
    (folder / "_internal/resources/app").mkdir(parents=True)
    (folder / "_internal/resources/app/launcher.svg").write_text("<svg/>")
    script = FREEZE / "add-to-menu.sh"
    (folder / "add-to-menu").write_bytes(script.read_bytes())
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), "XDG_DATA_HOME": str(data)}

    def call(*arguments: str) -> None:
        subprocess.run(
            ["/bin/sh", str(folder / "add-to-menu"), *arguments], env=environment, check=True, stdout=subprocess.DEVNULL
        )

    call()
    entry = (data / "applications/launcher-for-deepseek.desktop").read_text("utf-8")
    value = next(line for line in entry.splitlines() if line.startswith("Exec=")).removeprefix("Exec=")
    # The desktop entry specification: escapes of a string first, then of a quoted argument, then field codes.
    quoted = re.fullmatch(r'"(.*)" open %F', re.sub(r"\\\\", r"\\", value))
    assert quoted is not None, value
    assert re.sub(r"\\(.)", r"\1", quoted[1]).replace("%%", "%") == str(folder / "launcher")
    assert "TryExec" not in entry, "it would name a program that need not be there"
    assert sum(p.is_file() for p in data.rglob("*")) >= 4
    call("--remove")
    assert not [p for p in data.rglob("*launcher-for-deepseek*") if p.is_file()]
    assert not list(data.rglob("application-x-gguf.svg"))
