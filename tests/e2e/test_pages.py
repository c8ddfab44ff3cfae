"""Every page of the real window, light and dark, opened by its accessible name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from launcher.core.paths import config_dir
from tests.e2e.desktop import App
from tests.e2e.pictures import picture

# What must be on each page once the machine has been looked at.
PAGES = {
    "Home": "Other good choices",
    "Chat": "New chat",
    "Models": " models",
    "Downloads": "Model disk",
    "This PC": "Predicted and actual",
    "Settings": "Find a setting",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_opens(start: Callable[[], App], theme: str) -> None:
    (config_dir() / "settings.toml").write_text(f'[appearance]\ntheme = "{theme}"\n', "utf-8")
    app = start()
    app.robot.wait_for(contains="Download and chat · ", seconds=60)
    for name, landmark in PAGES.items():
        app.robot.press(name)
        app.robot.wait_for(contains=landmark)
        picture(f"{theme}-{name.lower().replace(' ', '-')}")
    assert app.close() == 0
