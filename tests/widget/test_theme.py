"""The theme: contrast of every pair that carries meaning, following the system, icons."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from launcher.core.paths import resource
from launcher.ui.theme import (
    DARK,
    HIGH_CONTRAST,
    LIGHT,
    Role,
    ThemeManager,
    ThemeMode,
    Tokens,
    current,
    font,
    line_height,
    pixmap,
    px,
)
from launcher.ui.theme.menu_icons import icon

THEMES = (LIGHT, DARK, HIGH_CONTRAST)


def luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(colour).getRgbF()[:3]]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", THEMES, ids=lambda t: t.name)
def test_text_and_states_are_readable_on_every_surface(tokens: Tokens) -> None:
    for ground in (tokens.window, tokens.surface, tokens.raised):
        assert contrast(tokens.text, ground) >= 7
        for ink in (tokens.muted, tokens.accent, tokens.good, tokens.warn, tokens.bad):
            assert contrast(ink, ground) >= 4.5, (ink, ground)
        assert contrast(tokens.outline, ground) >= 3
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.on_weights, tokens.weights) >= 4.5
    softs = ((tokens.accent, tokens.soft_accent), (tokens.good, tokens.soft_good), (tokens.warn, tokens.soft_warn))
    for ink, soft in (*softs, (tokens.bad, tokens.soft_bad)):
        assert contrast(ink, soft) >= 4.5
        assert contrast(tokens.text, soft) >= 7


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=lambda t: t.name)
def test_the_model_parts_of_a_bar_differ_in_lightness_too(tokens: Tokens) -> None:
    parts = sorted(luminance(c) for c in (tokens.weights, tokens.kv_cache, tokens.compute))
    for darker, lighter in pairwise(parts):
        assert (lighter + 0.05) / (darker + 0.05) > 1.3


def test_a_mode_wins_over_the_system_and_widgets_get_the_palette(
    theme: ThemeManager, qapp: QApplication, qtbot
) -> None:
    theme.force(None)
    with qtbot.waitSignal(theme.changed) as blocker:
        theme.set_mode(ThemeMode.DARK)
    assert blocker.args == [DARK]
    assert current() is DARK
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == DARK.window
    assert qapp.palette().color(QPalette.ColorRole.PlaceholderText).name().upper() == DARK.muted
    theme.set_mode(ThemeMode.LIGHT)
    assert current() is LIGHT
    theme.set_mode(ThemeMode.SYSTEM)


def test_changing_to_the_same_theme_says_nothing(theme: ThemeManager, qtbot) -> None:
    with qtbot.assertNotEmitted(theme.changed):
        theme.force(LIGHT)


def test_text_scale_grows_text_and_lengths(theme: ThemeManager) -> None:
    before = font(Role.BODY).pointSizeF(), line_height(Role.BODY), px(10)
    theme.set_text_scale(2.0)
    after = font(Role.BODY).pointSizeF(), line_height(Role.BODY), px(10)
    assert all(new == pytest.approx(2 * old) for new, old in zip(after, before, strict=True))


def test_no_text_is_below_11_px(theme: ThemeManager, qapp: QApplication) -> None:
    dpi = qapp.primaryScreen().logicalDotsPerInchY()
    assert min(font(role).pointSizeF() * dpi / 72 for role in Role) >= 11


def test_every_icon_named_in_the_code_is_there_and_takes_the_colour(theme: ThemeManager) -> None:
    names = sorted(path.stem for path in resource("icons").glob("*.svg"))
    assert len(names) > 30
    for name in names:
        image = pixmap(name, "#ff0000", 24, 2.0).toImage()
        assert (image.width(), image.height()) == (48, 48)
        inked = [image.pixelColor(x, y) for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() > 200]
        assert inked, name
        assert all(c.red() > 240 and c.green() < 16 for c in inked), name


def test_icons_used_by_the_window_exist() -> None:
    root = resource().parent / "launcher" / "ui"
    used: set[str] = set()
    for path in root.rglob("*.py"):
        used |= set(
            re.findall(r'(?:IconLabel|IconButton|paint_icon)\((?:painter, )?"([a-z-]+)"', path.read_text("utf-8"))
        )
        used |= set(re.findall(r'icon="([a-z-]+)"', path.read_text("utf-8")))
    assert used
    missing = {name for name in used if not resource("icons", f"{name}.svg").is_file()}
    assert not missing


def test_a_menu_icon_follows_the_theme(theme: ThemeManager) -> None:
    shown = icon("check")

    def ink() -> str:
        image = shown.pixmap(QSize(24, 24)).toImage()
        return max(
            (image.pixelColor(x, y) for x in range(24) for y in range(24)), key=lambda c: c.alpha()
        ).name()  # fmt: skip

    light = ink()
    theme.force(DARK)
    assert light.upper() == LIGHT.text
    assert ink().upper() == DARK.text
