"""Settings and the history of loads."""

from __future__ import annotations

import tomllib
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.core.errors import UserError
from launcher.core.plans import DeviceMemory, MemoryUse, Placement, SpeedEstimate
from launcher.store.loads import KEPT_LOADS, LoadHistory, LoadRecord
from launcher.store.settings import (
    HUB_ENDPOINT,
    REGISTRY,
    SYSTEM_PROMPT,
    THEME,
    UNLOAD_MINUTES,
    VRAM_RESERVE_GIB,
    Settings,
)


def test_defaults_without_a_file(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.toml")
    assert [settings.get(s) for s in REGISTRY] == [s.default for s in REGISTRY]
    assert settings.notice is None
    assert list(tmp_path.iterdir()) == []


def test_every_default_is_allowed_and_keys_are_unique() -> None:
    assert all(s.accepts(s.default) for s in REGISTRY)
    assert len({s.key for s in REGISTRY}) == len(REGISTRY)


def test_values_come_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "settings.toml"
    settings = Settings(path)
    settings.set(THEME, "dark")
    settings.set(VRAM_RESERVE_GIB, 1.5)
    settings.set(SYSTEM_PROMPT, 'two\nlines "quoted"')
    again = Settings(path)
    assert (again.get(THEME), again.get(VRAM_RESERVE_GIB), again.get(SYSTEM_PROMPT)) == (
        "dark",
        1.5,
        'two\nlines "quoted"',
    )
    assert [p.name for p in path.parent.iterdir()] == ["settings.toml"]


def test_comments_and_unknown_keys_stay(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(
        '# mine\n[appearance]\ntheme = "dark" # at night\nfont = "Inter"\n[plugin.x]\non = [1, 2]\n', "utf-8"
    )
    Settings(path).set(THEME, "light")
    text = path.read_text("utf-8")
    assert "# mine" in text
    assert "# at night" in text
    data = tomllib.loads(text)
    assert data["appearance"] == {"theme": "light", "font": "Inter"}
    assert data["plugin"] == {"x": {"on": [1, 2]}}


def test_a_wrong_value_falls_back_alone_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[appearance]\ntheme = "pink"\n[engine]\nunload_minutes = true\nvram_reserve_gib = 2\n', "utf-8")
    settings = Settings(path)
    assert settings.get(THEME) == "system"
    assert settings.get(UNLOAD_MINUTES) == 0
    assert settings.get(VRAM_RESERVE_GIB) == 2.0
    assert settings.notice is not None
    assert "appearance.theme = 'pink'" in settings.notice.why


@pytest.mark.expected_logs("is no TOML")
def test_a_broken_file_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[appearance\n", "utf-8")
    settings = Settings(path)
    assert settings.get(THEME) == "system"
    assert settings.notice is not None
    assert settings.notice.code == "settings_broken"
    settings.set(HUB_ENDPOINT, "https://mirror.example")
    kept = [p for p in tmp_path.iterdir() if ".broken-" in p.name]
    assert [p.read_text("utf-8") for p in kept] == ["[appearance\n"]
    assert Settings(path).get(HUB_ENDPOINT) == "https://mirror.example"


def test_a_value_that_is_not_allowed_is_a_bug_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        Settings(tmp_path / "s.toml").set(THEME, "pink")


def test_a_folder_that_cannot_be_written_is_the_worlds_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    settings = Settings(tmp_path / "s.toml")
    settings._path = tmp_path / "file" / "s.toml"
    with pytest.raises(UserError) as caught:
        settings.set(THEME, "dark")
    assert caught.value.code == "settings_not_written"
    assert settings.get(THEME) == "dark"


def _record(n: int, model: str = "R1") -> LoadRecord:
    memory = MemoryUse((DeviceMemory("RTX 4090", "gpu", weights_bytes=n),), "model")
    return LoadRecord(
        str(n), float(n), model, "Q4_K_M", Placement(65, 8192), memory, SpeedEstimate(38, 34, 41, 800, 0.3)
    )


def test_loads_come_back_newest_first(tmp_path: Path) -> None:
    path = tmp_path / "loads.sqlite"
    with closing(LoadHistory(path)) as history:
        for n in range(3):
            history.save(_record(n, "R1" if n else "V2"))
        history.save(
            LoadRecord(**{f: getattr(_record(2), f) for f in LoadRecord.__slots__} | {"actual_decode_tokens_s": 37.8})
        )
    with closing(LoadHistory(path)) as history:
        assert [r.id for r in history.recent()] == ["2", "1", "0"]
        assert history.recent()[0].actual_decode_tokens_s == 37.8
        assert history.recent(model="V2") == (_record(0, "V2"),)
        assert history.recent(quant="Q8_0") == ()


def test_last_loads_tell_each_file_once_with_its_newest_time(tmp_path: Path) -> None:
    with closing(LoadHistory(tmp_path / "loads.sqlite")) as history:
        for number, path in enumerate(("/a.gguf", "/b.gguf", "/a.gguf", "")):
            history.save(replace(_record(number), path=path, loaded_at=float(number)))
        found = [(load.path, load.loaded_at) for load in history.last_loads()]
    assert found == [("", 3.0), ("/a.gguf", 2.0), ("/b.gguf", 1.0)]


def test_old_loads_are_forgotten(tmp_path: Path) -> None:
    with closing(LoadHistory(tmp_path / "loads.sqlite")) as history:
        for n in range(KEPT_LOADS + 5):
            history.save(_record(n))
        assert len(history.recent(10_000)) == KEPT_LOADS


@pytest.mark.expected_logs("history of loads is damaged")
def test_a_damaged_history_is_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "loads.sqlite"
    path.write_bytes(b"x" * 5000)
    with closing(LoadHistory(path)) as history:
        history.save(_record(1))
        assert len(history.recent()) == 1
    assert any(".corrupt-" in p.name for p in tmp_path.iterdir())
