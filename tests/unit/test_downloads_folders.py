"""Where models live: the user's choices survive, and a folder is tried before models go to it."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from launcher.core.errors import UserError
from launcher.core.paths import data_dir, hub_cache_dir
from launcher.downloads.disk import folders, space
from launcher.downloads.disk.folders import ModelFolders


def test_nothing_chosen_is_the_hub_cache() -> None:
    assert folders.read() == ModelFolders()
    assert folders.roots() == (hub_cache_dir(),)


def test_models_in_the_former_folder_stay_known(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    folders.set_downloads(str(one))
    folders.set_downloads(str(two))
    assert folders.read() == ModelFolders(str(two), (str(one),))
    assert folders.roots() == (hub_cache_dir(), two, one)
    folders.set_downloads(str(one))
    assert folders.roots() == (hub_cache_dir(), one, two)
    folders.set_downloads(None)
    assert folders.read().downloads is None
    assert set(folders.roots()) == {hub_cache_dir(), one, two}


def test_the_hub_cache_by_its_own_name_is_no_choice() -> None:
    folders.set_downloads(str(hub_cache_dir()))
    folders.add_cache(str(hub_cache_dir()))
    assert folders.read() == ModelFolders()


def test_each_folder_stands_once(tmp_path: Path) -> None:
    folders.set_downloads(str(tmp_path))
    folders.add_cache(str(tmp_path))
    assert folders.read().caches == ()
    for _ in range(2):
        folders.add_searched("/a")
        folders.add_file("/b.gguf")
        folders.add_cache("/c")
    assert folders.read() == ModelFolders(str(tmp_path), ("/c",), ("/a",), ("/b.gguf",))
    folders.forget_searched("/a")
    folders.forget_file("/b.gguf")
    folders.forget_file("/never")
    assert folders.read() == ModelFolders(str(tmp_path), ("/c",))


def test_folder_is_made_and_left_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    assert folders.checked(str(folder)) == str(folder)
    assert folders.warnings(str(folder)) == ()
    assert list(folder.iterdir()) == []


def test_home_is_understood() -> None:
    assert folders.checked("~/models") == str(Path.home() / "models")


def test_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in ("file", "file/below"):
        with pytest.raises(UserError) as caught:
            folders.set_downloads(str(tmp_path / place))
        assert caught.value.code == "folder_not_writable"
    assert folders.read() == ModelFolders()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX permissions")
def test_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:  # who may write everywhere is told so by a read-only disk

        def refuse(*_: object, **__: object) -> None:
            raise OSError(30, "Read-only file system", str(tmp_path))

        monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    else:
        tmp_path.chmod(0o500)
    with pytest.raises(UserError) as caught:
        folders.checked(str(tmp_path))
    assert caught.value.code == "folder_not_writable"
    assert str(tmp_path) in caught.value.why


def test_folder_of_a_model_is_none_for_models() -> None:
    with pytest.raises(UserError) as caught:
        folders.checked(str(hub_cache_dir() / "models--org--name" / "blobs"))
    assert caught.value.code == "folder_in_cache"


def test_warnings_of_a_memory_stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", no_links)
    monkeypatch.setattr(folders, "largest_file_bytes", lambda _path: 2**32 - 1)
    links, size = folders.warnings(str(tmp_path))
    assert "does not support links" in links
    assert "4.3 GB" in size
    assert list(tmp_path.iterdir()) == []


@pytest.mark.expected_logs("folders.json could not be read")
def test_damaged_list_is_kept_aside() -> None:
    folders.add_searched("/a")
    (data_dir() / "folders.json").write_text('{"searched": 7}')
    assert folders.read() == ModelFolders()
    assert len(list(data_dir().glob("folders.damaged-*"))) == 1


def test_no_choice_is_lost_when_several_threads_choose() -> None:
    threads = [threading.Thread(target=folders.add_searched, args=(f"/{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(folders.read().searched) == {f"/{i}" for i in range(8)}


def test_limit_of_a_memory_stick_is_read_from_the_mount_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()

    def mounts(**_: bool) -> list[SimpleNamespace]:
        return [SimpleNamespace(mountpoint="/", fstype="ext4"), SimpleNamespace(mountpoint=str(stick), fstype="vfat")]

    monkeypatch.setattr(psutil, "disk_partitions", mounts)
    assert space.largest_file_bytes(stick / "not yet") == space.FAT32_BYTES
    assert space.largest_file_bytes(tmp_path) is None
