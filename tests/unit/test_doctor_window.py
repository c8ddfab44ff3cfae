"""`launcher doctor` asks for the libraries of the platform that the window will be on."""

from __future__ import annotations

import sys

import pytest

from launcher.cli import doctor


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has both")
@pytest.mark.parametrize(
    ("variables", "missing", "is_ok"),
    [
        ({"DISPLAY": ":0"}, "libxcb-cursor.so.0", False),
        ({"DISPLAY": ":0"}, "libwayland-cursor.so.0", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "libwayland-cursor.so.0", False),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "libxcb-cursor.so.0", True),
        ({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}, "libxcb-cursor.so.0", False),
        ({}, "libxcb-cursor.so.0", True),
    ],
)
def test_only_what_the_window_needs_here_is_missed(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], missing: str, is_ok: bool
) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _name: object())
    monkeypatch.setattr(doctor, "_can_load", lambda name: name != missing)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = doctor.window()
    assert found.ok is is_ok
    assert (missing in found.detail) is not is_ok
