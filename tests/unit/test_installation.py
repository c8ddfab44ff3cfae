"""How this copy was installed, told from what is around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.services.installation import Installation, Kind, Surroundings, find, how_to_update


def frozen(program: Path, platform: str = "linux", **more: object) -> Surroundings:
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch()
    environment = {str(k): str(v) for k, v in more.items() if k.isupper()}
    lists = program.parents[1] / "no-dpkg"
    return Surroundings(True, program, platform, environment, lists)


def test_this_source() -> None:
    found = find()
    assert found == Installation(Kind.SOURCE, Path(__file__).parents[2])
    assert str(found.place) in how_to_update(found)


def test_a_python_package(tmp_path: Path) -> None:
    module = tmp_path / "site-packages" / "launcher" / "services" / "installation.py"
    around = Surroundings(False, module, "linux", {}, tmp_path)
    assert find(around) == Installation(Kind.PYTHON_PACKAGE, tmp_path / "site-packages")


def test_a_debian_package_by_its_list_of_files(tmp_path: Path) -> None:
    program = tmp_path / "opt" / "launcher"
    around = frozen(program)
    assert find(around) == Installation(Kind.TARBALL, program.parent)
    around.dpkg_lists.mkdir()
    (around.dpkg_lists / "other.list").write_text(f"{program}\n")
    (around.dpkg_lists / "launcher-of-others.list").write_text(f"{program}-x\n")
    assert find(around).kind is Kind.TARBALL
    (around.dpkg_lists / "launcher-for-deepseek.list").write_text(f"/.\n{program}\n")
    assert find(around).kind is Kind.DEB


def test_an_appimage_is_its_own_and_not_a_parents(tmp_path: Path) -> None:
    program = tmp_path / "mount" / "usr" / "launcher"
    image = tmp_path / "Launcher.AppImage"
    assert find(frozen(program, APPIMAGE=image, APPDIR=tmp_path / "mount")) == Installation(Kind.APPIMAGE, image)
    assert find(frozen(program, APPIMAGE=image, APPDIR=tmp_path / "other")).kind is Kind.TARBALL


def test_windows_and_macos(tmp_path: Path) -> None:
    program = tmp_path / "Launcher" / "launcher.exe"
    assert find(frozen(program, "win32")).kind is Kind.WINDOWS_FOLDER
    (program.parent / "unins000.exe").touch()
    assert find(frozen(program, "win32")).kind is Kind.WINDOWS_SETUP
    inside = tmp_path / "Launcher.app" / "Contents" / "MacOS" / "launcher"
    assert find(frozen(inside, "darwin")) == Installation(Kind.MACOS_APP, tmp_path / "Launcher.app")


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_way(kind: Kind) -> None:
    assert how_to_update(Installation(kind, Path("/somewhere"))).endswith(".")
