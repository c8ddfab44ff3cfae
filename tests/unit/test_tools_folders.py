"""Where other programs keep their things, and walking through folders that hold anything at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from launcher.core.downloads import Origin
from launcher.downloads.library.tools import candidate, environment, folder
from launcher.downloads.library.tools.candidate import gguf_below, set_with, sets_of
from launcher.downloads.library.tools.environment import Environment
from launcher.downloads.library.tools.small_file import MAX_BYTES, as_list, as_object, read_object, read_text

HOME = Path("/home/me")


@pytest.mark.parametrize(
    ("platform", "variables", "data", "local", "config", "cache"),
    [
        ("linux", {}, ".local/share", ".local/share", ".config", ".cache"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, *["Library/Application Support"] * 3, "Library/Caches"),
        ("win32", {}, "AppData/Roaming", "AppData/Local", "AppData/Roaming", "AppData/Local"),
        ("linux", {"XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c", "XDG_CACHE_HOME": "/x"}, "/d", "/d", "/c", "/x"),
        (
            "linux",
            {"XDG_CACHE_HOME": "relative", "XDG_DATA_HOME": ""},
            ".local/share",
            ".local/share",
            ".config",
            ".cache",
        ),
        ("win32", {"APPDATA": "/r", "LOCALAPPDATA": "/l"}, "/r", "/l", "/r", "/l"),
    ],
)
def test_each_system_has_its_places(
    platform: str, variables: dict[str, str], data: str, local: str, config: str, cache: str
) -> None:
    here = Environment(HOME, variables, platform)
    assert (here.data_home, here.local_data_home) == (HOME / data, HOME / local)
    assert (here.config_home, here.cache_home) == (HOME / config, HOME / cache)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("/models", "/models"),
        (' "/my models" ', "/my models"),
        ("~/models", "/home/me/models"),
        ("models", None),
        ("", None),
        ("../../etc", None),
        ("/a\0b", None),
        (7, None),
        (None, None),
        (["/x"], None),
    ],
)
def test_a_setting_is_an_absolute_path_or_nothing(value: object, path: str | None) -> None:
    assert Environment(HOME, {}).absolute(value) == (Path(path) if path else None)


def test_with_a_home_of_our_own_other_programs_are_searched_only_when_asked() -> None:
    assert Environment(HOME, {}).searches_tools
    assert not Environment(HOME, {"LAUNCHER_HOME": "/usb"}).searches_tools
    assert Environment(HOME, {"LAUNCHER_HOME": "/usb", "LAUNCHER_SEARCH_TOOLS": "1"}).searches_tools


def test_tests_never_look_into_the_real_home(own_home: Path) -> None:
    assert environment.here().home == own_home
    assert not environment.here().searches_tools


@pytest.mark.parametrize("content", [b"", b"[1]", b"nonsense", b"\xff\xfe", b"[" * 100_000, b'{"a": ' * 9000, b"null"])
def test_what_is_no_object_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    assert read_object(path) == {}


def test_small_files_are_small_and_files(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text("\ufeff" + '{"a": 1}', encoding="utf-8")
    assert read_object(path) == {"a": 1}
    path.write_bytes(b" " * MAX_BYTES + b"x")
    assert read_text(path) is None
    assert read_text(tmp_path) is None
    assert read_text(tmp_path / "none") is None
    assert read_text(Path("\0")) is None
    os.mkfifo(tmp_path / "pipe")
    assert read_text(tmp_path / "pipe") is None
    assert (as_object([1]), as_list({})) == ({}, [])


# --- Walking ----------------------------------------------------------------------------------------------------------


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_finished_models_are_found_some_levels_deep(tmp_path: Path) -> None:
    for name in (
        "a.gguf",
        "p/r/B.GGUF",
        "p/r/notes.txt",
        "p/r/c.gguf.part",
        "incomplete-d.gguf",
        "e.gguf",
        ".git/f.gguf",
    ):
        touch(tmp_path / name)
    touch(tmp_path / "e.gguf.aria2")
    touch(tmp_path / "/".join("12345678") / "deep.gguf")
    touch(tmp_path / "/".join("123456789") / "too-deep.gguf")
    assert gguf_below(tmp_path) == ("1/2/3/4/5/6/7/8/deep.gguf", "a.gguf", "p/r/B.GGUF")
    assert gguf_below(tmp_path, depth=0) == ("a.gguf",)
    assert gguf_below(tmp_path, skip="p") == ("1/2/3/4/5/6/7/8/deep.gguf", "a.gguf")
    assert gguf_below(tmp_path / "none") == ()


def test_loops_of_links_end_and_linked_folders_are_followed(tmp_path: Path) -> None:
    models = tmp_path / "models"
    touch(models / "sub" / "a.gguf")
    touch(tmp_path / "other-disk" / "b.gguf")
    (models / "loop").symlink_to(models)
    (models / "sub" / "up").symlink_to("..")
    (models / "self").symlink_to("self")
    (models / "linked").symlink_to(tmp_path / "other-disk")
    (models / "gone.gguf").symlink_to("nowhere")
    assert gguf_below(models) == ("linked/b.gguf", "sub/a.gguf")
    (models / "a-link").symlink_to("sub")
    assert gguf_below(models) == ("a-link/a.gguf", "linked/b.gguf"), "each folder once, the first by name"


def test_only_regular_files_are_models(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "folder.gguf").mkdir()
    (tmp_path / "device.gguf").symlink_to("/dev/zero")
    assert gguf_below(tmp_path) == ()
    assert set_with(tmp_path / "pipe.gguf", Origin.FILE) is None


def test_a_huge_tree_is_left_at_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate, "_MAX_ENTRIES", 30)
    for i in range(20):
        touch(tmp_path / f"{i:02}" / "a.gguf")
    assert 0 < len(gguf_below(tmp_path)) <= 10


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root reads everything")
def test_an_unreadable_folder_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path / "closed" / "a.gguf")
    touch(tmp_path / "open" / "b.gguf")
    (tmp_path / "closed").chmod(0)
    found = gguf_below(tmp_path)
    (tmp_path / "closed").chmod(stat.S_IRWXU)
    assert found == ("open/b.gguf",)


def test_names_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    name = os.fsdecode(b"bad-\xff\n\xe2\x80\xae.gguf")
    touch(tmp_path / name)
    touch(tmp_path / ("n" * 240 + ".gguf"))
    assert set(gguf_below(tmp_path)) == {name, "n" * 240 + ".gguf"}


def test_sidecars_are_left_out_and_shards_belong_together(tmp_path: Path) -> None:
    names = ["m-Q8_0-00001-of-00003.gguf", "m-Q8_0-00003-of-00003.gguf", "mmproj-F16.gguf", "x-Q4_0.gguf"]
    names.append("y-00001-of-99999.gguf")
    broken, whole = sets_of(tmp_path, names, Origin.FOLDER, "o/r", "c")
    assert (broken.count, [p.name for p in broken.files]) == (3, [names[0], names[1]])
    assert (whole.quant, whole.repo, whole.revision, whole.count) == ("Q4_0", "o/r", "c", 1)


def test_one_part_stands_for_its_set(tmp_path: Path) -> None:
    for i in (1, 3):
        touch(tmp_path / f"m-0000{i}-of-00003.gguf")
    found = set_with(tmp_path / "m-00003-of-00003.gguf", Origin.FILE)
    assert found is not None
    assert (found.count, len(found.files)) == (3, 2)
    assert set_with(tmp_path / "m-00009-of-00003.gguf", Origin.FILE) is None
    assert set_with(tmp_path / "none.gguf", Origin.FILE) is None


def test_an_added_folder_may_be_laid_out_in_any_way(tmp_path: Path) -> None:
    touch(tmp_path / "models--org--name" / "snapshots" / ("a" * 40) / "Q4_0" / "m-Q4_0.gguf")
    touch(tmp_path / "plain" / "n.gguf")
    found = {c.files[0].name: c for c in folder.models_in(tmp_path)}
    assert set(found) == {"m-Q4_0.gguf", "n.gguf"}
    assert (found["m-Q4_0.gguf"].repo, found["m-Q4_0.gguf"].revision) == ("org/name", "a" * 40)
    assert {c.origin for c in found.values()} == {Origin.FOLDER}
    (single,) = folder.adopted(tmp_path / "plain" / "n.gguf")
    assert single.origin is Origin.FILE
