"""The recipes for systems that are not here: the setup program's script, version resource, icons, bundle and signing commands."""

from __future__ import annotations

import plistlib
import re
import struct
import sys
from pathlib import Path

import pytest

from launcher import __version__
from launcher.core.paths import APP_ID as DATA_FOLDER

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "packaging" / name) for name in ("windows", "macos", "icons")]

import app_icon  # noqa: E402
import dmg  # noqa: E402
import installer  # noqa: E402
import make_resources  # noqa: E402

SCRIPT = (ROOT / "packaging" / "windows" / "launcher.iss").read_text("utf-8")
SPEC = (ROOT / "packaging" / "freeze" / "launcher.spec").read_text("utf-8")


def script_sections() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    name = ""
    for line in SCRIPT.splitlines():
        if head := re.fullmatch(r"\[(\w+)\]", line):
            name = head[1]
            found[name] = []
        elif name and line.strip() and not line.startswith((";", "#")):
            found[name].append(line)
    return found


def parameters(line: str) -> dict[str, str]:
    """Name -> value of an entry; quotation marks inside values are doubled."""
    pairs = re.findall(r'(\w+): ("(?:[^"]|"")*"|[^;"]+)(?:;\s*|$)', line)
    assert "; ".join(f"{name}: {value}" for name, value in pairs) == line, line
    return {name: value[1:-1].replace('""', '"') if value.startswith('"') else value for name, value in pairs}


# --- Windows ----------------------------------------------------------------------------------------------------------


def test_every_section_is_one_of_inno_setups_and_entries_are_whole() -> None:
    sections = script_sections()
    known = {"Setup", "Languages", "Tasks", "InstallDelete", "Files", "Icons", "Registry", "Run", "Code"}
    assert set(sections) == known
    for name in known - {"Setup", "Code"}:
        assert sections[name], name
        for line in sections[name]:
            parameters(line)
    for line in sections["Setup"]:
        assert re.fullmatch(r"\w+=\S.*", line), line


def test_it_installs_for_one_user_and_keeps_its_identity() -> None:
    setup = dict(line.split("=", 1) for line in script_sections()["Setup"])
    assert setup["PrivilegesRequired"] == "lowest"
    assert setup["AppId"] == "{{8E0C6A53-7B0B-4C55-9C0E-5B7A6F2D9B41}"  # a newer version finds the older by it
    roots = {parameters(line)["Root"] for line in script_sections()["Registry"]}
    assert roots == {"HKA"}


def test_upgrade_and_removal_touch_nothing_of_the_users() -> None:
    sections = script_sections()
    assert "UninstallDelete" not in sections
    deleted = [parameters(line)["Name"] for line in sections["InstallDelete"]]
    assert deleted == ["{app}\\_internal", "{app}\\engines"]
    assert DATA_FOLDER in SCRIPT  # where chats stay is said
    assert "DelTree" not in SCRIPT
    for line in sections["Registry"]:
        entry = parameters(line)
        # A key that other programs write into too loses only our value.
        if (
            entry["Subkey"].endswith((".gguf", "OpenWithProgids", "RegisteredApplications"))
            and "#Id" not in entry["Subkey"]
        ):
            assert entry.get("Flags", "") in ("", "uninsdeletevalue"), line


def test_the_script_names_the_programs_that_are_frozen() -> None:
    gui = re.search(r'#define Gui "([^"]+)\.exe"', SCRIPT)
    assert gui is not None
    assert f'program("{gui[1]}"' in SPEC
    assert {f"{name}.exe" for name in re.findall(r'program\("([\w-]+)"', SPEC)} == set(installer.PROGRAMS)
    names = set(re.findall(r"\{app\}\\([\w.-]+\.exe)", SCRIPT.replace("{#Gui}", f"{gui[1]}.exe")))
    assert names == {f"{gui[1]}.exe"}


def test_a_double_click_gives_the_file_as_one_argument() -> None:
    commands = [parameters(line) for line in script_sections()["Registry"] if "shell\\open\\command" in line]
    assert [entry["ValueData"] for entry in commands] == ['"{app}\\{#Gui}" "%1"']


@pytest.mark.parametrize("sign", ["", 'signtool sign /sha1 AB "/d:A B" {file}'])
def test_the_command_defines_what_the_script_uses(sign: str) -> None:
    command = installer.compile_command("ISCC.exe", Path("in"), Path("out"), Path("icon.ico"), sign)
    defined = {argument[2:].partition("=")[0] for argument in command if argument.startswith("/D")}
    own = set(re.findall(r"#define (\w+)", SCRIPT))
    used = set(re.findall(r"\{#(\w+)\}", SCRIPT)) | set(re.findall(r"#ifn?def (\w+)", SCRIPT))
    assert used - own <= defined | {"Sign"}
    assert ("Sign" in defined) is bool(sign)
    assert Path(command[-1]).is_file()
    if sign:
        assert "/Slauncher=signtool sign /sha1 AB $q/d:A B$q $f" in command


def test_without_a_program_frozen_on_windows_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert installer.main([str(tmp_path)]) == 1
    assert "launcher-gui.exe" in capsys.readouterr().err


def test_version_resource() -> None:
    text = make_resources.version_info(__version__)
    compile(text, "version_info.txt", "eval")
    assert f"StringStruct('ProductVersion', '{__version__}')" in text
    assert make_resources.four_numbers("1.2.3rc1") == (1, 2, 3, 0)
    assert make_resources.four_numbers("1.2.3.4.5") == (1, 2, 3, 4)
    assert "flags=2" in make_resources.version_info("1.0rc1")


PNG = b"\x89PNG\r\n\x1a\n"


def test_windows_icon_by_its_own_directory() -> None:
    content = app_icon.ico({16: PNG + b"small", 256: PNG + b"large"})
    reserved, kind, count = struct.unpack_from("<HHH", content)
    assert (reserved, kind, count) == (0, 1, 2)
    entries = [struct.unpack_from("<BBBBHHII", content, 6 + 16 * i) for i in range(count)]
    assert [(e[0], e[1], e[5]) for e in entries] == [(16, 16, 32), (0, 0, 32)]
    assert [content[e[7] : e[7] + e[6]] for e in entries] == [PNG + b"small", PNG + b"large"]


def test_macos_icon_by_its_own_lengths() -> None:
    content = app_icon.icns({"ic07": PNG + b"1", "ic08": PNG + b"22"})
    assert struct.unpack_from(">4sI", content) == (b"icns", len(content))
    found, at = {}, 8
    while at < len(content):
        kind, length = struct.unpack_from(">4sI", content, at)
        found[kind] = content[at + 8 : at + length]
        at += length
    assert found == {b"ic07": PNG + b"1", b"ic08": PNG + b"22"}


# --- macOS ------------------------------------------------------------------------------------------------------------


def test_the_bundle_opens_gguf_files() -> None:
    about = plistlib.loads((ROOT / "packaging" / "macos" / "Info.plist").read_bytes())
    declared = {d["UTTypeIdentifier"]: d["UTTypeTagSpecification"] for d in about["UTImportedTypeDeclarations"]}
    (document,) = about["CFBundleDocumentTypes"]
    assert [declared[kind]["public.filename-extension"] for kind in document["LSItemContentTypes"]] == [["gguf"]]
    assert about["NSHighResolutionCapable"] is True
    assert about["NSHumanReadableCopyright"] == make_resources.copyright_line()
    assert not {"CFBundleVersion", "CFBundleShortVersionString"} & about.keys()  # one place has the version


def test_entitlements_are_the_two_that_are_explained() -> None:
    granted = plistlib.loads(dmg.ENTITLEMENTS.read_bytes())
    assert granted == {
        "com.apple.security.cs.allow-unsigned-executable-memory": True,
        "com.apple.security.cs.disable-library-validation": True,
    }


def bundle(folder: Path) -> Path:
    app = folder / "Launcher.app"
    for name, content in {
        "Contents/MacOS/launcher": b"\xcf\xfa\xed\xfe program",
        "Contents/Frameworks/PySide6/QtCore.abi3.so": b"\xca\xfe\xba\xbe library",
        "Contents/Resources/engines/metal/libggml.dylib": b"\xcf\xfa\xed\xfe engine",
        "Contents/Resources/resources/gpus.json": b"{}",
    }.items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_bytes(content)
    return app


def test_everything_inside_is_signed_before_the_bundle(tmp_path: Path) -> None:
    app = bundle(tmp_path)
    code = dmg.binaries(app)
    assert {path.name for path in code} == {"launcher", "QtCore.abi3.so", "libggml.dylib"}
    env = {"LAUNCHER_CODESIGN_IDENTITY": "Developer ID Application: A", "LAUNCHER_NOTARY_PROFILE": "p"}
    image = tmp_path / "x.dmg"
    commands = list(dmg.commands(app, code, image, env))
    names = [command[0] if command[0] != "xcrun" else command[1] for command in commands]
    assert names == ["codesign", "codesign", "codesign", "hdiutil", "codesign", "notarytool", "stapler", "spctl"]
    assert {str(path) for path in code} < set(commands[0])
    assert commands[1][-1] == str(app)
    assert all("runtime" in command for command in commands[:2])  # notarisation wants the hardened runtime


def test_without_an_identity_it_is_signed_ad_hoc_and_nothing_goes_to_apple(tmp_path: Path) -> None:
    commands = list(dmg.commands(tmp_path / "Launcher.app", [], tmp_path / "x.dmg", {}))
    assert [command[0] for command in commands] == ["codesign", "codesign", "hdiutil"]
    assert "-" in commands[0]
    assert "runtime" not in commands[0]
