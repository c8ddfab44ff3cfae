"""Every component in every state, in every theme, as pictures: `python -m launcher.ui.gallery OUT_DIR`.

A tool for those who work on the look; the values are examples, chosen to show the states.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QFont, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from launcher.core.errors import NextStep
from launcher.ui.components import (
    Banner,
    BannerKind,
    ButtonSize,
    Card,
    CheckBox,
    Chip,
    ChipKind,
    ClickableCard,
    ComboBox,
    DangerButton,
    ElidedLabel,
    FilterChip,
    IconButton,
    LinkButton,
    MemoryLegend,
    MemoryParts,
    Meter,
    PrimaryButton,
    Run,
    SearchField,
    SecondaryButton,
    SegmentedButtons,
    SkeletonText,
    StackedBar,
    Text,
    ThinBar,
    ToggleSwitch,
)
from launcher.ui.components.slider import Slider
from launcher.ui.components.sparkline import Sparkline
from launcher.ui.shell import EngineState, NavRail, StatusBar
from launcher.ui.theme import DARK, HIGH_CONTRAST, LIGHT, Role, ThemeManager, Tokens, Tone

_GIB = 2**30
_LONG = "Herunterladen und mit dem empfohlenen Modell unterhalten"  # +40 % and more


def _row(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(10)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return holder


class Gallery(QObject):
    """Builds the boards; each is a plain widget."""

    def boards(self) -> dict[str, Callable[[], list[QWidget]]]:
        """Name -> what makes its rows."""
        return {
            "text": self._text,
            "buttons": self._buttons,
            "controls": self._controls,
            "memory": self._memory,
            "meters": self._meters,
            "banners": self._banners,
            "shell": self._shell,
        }

    def _text(self) -> list[QWidget]:
        roles = [Text(f"{role.name.lower()} 0123456789", role) for role in Role]
        tones = [Text(tone.value, Role.BODY, tone) for tone in Tone if not tone.value.startswith("on_")]
        wrapped = Text([Run("Two runs, wrapped: "), Run(f"{_LONG}. " * 3, Role.BODY, Tone.MUTED)], wrap=True)
        elided = ElidedLabel(f"{_LONG} " * 3)
        return [*roles, _row(*tones), wrapped, elided, SkeletonText(Role.FIGURE)]

    def _buttons(self) -> list[QWidget]:
        off = [PrimaryButton("Disabled"), SecondaryButton("Disabled"), LinkButton("Disabled")]
        for button in off:
            button.setEnabled(False)
        down = [PrimaryButton("Pressed"), SecondaryButton("Pressed")]
        for button in down:
            button.setDown(True)
        checked = IconButton("panel-right", "Meters", checkable=True)
        checked.setChecked(True)
        sizes = [
            PrimaryButton(f"Download · {size.name.lower()}", size=size, icon="arrow-down-to-line")
            for size in ButtonSize
        ]
        return [
            _row(PrimaryButton("Primary"), SecondaryButton("Secondary"), LinkButton("Link"), DangerButton("Delete")),
            _row(*off),
            _row(*down),
            _row(*sizes),
            _row(IconButton("copy", "Copy code"), IconButton("plus", "New chat", outlined=True), checked),
            _row(SecondaryButton(_LONG)),
        ]

    def _controls(self) -> list[QWidget]:
        on, locked = ToggleSwitch("On"), ToggleSwitch("Locked")
        on.setChecked(True)
        locked.setChecked(True)
        locked.set_locked("This model always thinks")
        ticked = CheckBox("Chat when done")
        ticked.setChecked(True)
        chosen = FilterChip("Runs on this PC")
        chosen.setChecked(True)
        choice = ComboBox("Goal")
        choice.addItems(["Balanced", "Longest chats"])
        chips = [Chip(kind.name.lower(), kind, icon="check" if kind is ChipKind.GOOD else "") for kind in ChipKind]
        card = ClickableCard()
        column = QVBoxLayout(card)
        column.addWidget(Text("A card that is one button", Role.BODY_STRONG))
        half, off = Slider("Half"), Slider("Off")
        for slider in (half, off):
            slider.set_scale(100, 70)
            slider.show_value(40, "40")
        off.setEnabled(False)
        plain = Card()
        column = QVBoxLayout(plain)
        column.addWidget(Text("A card", Role.BODY_STRONG))
        return [
            _row(ToggleSwitch("Off"), on, locked, CheckBox("Check box"), ticked),
            SegmentedButtons("KV cache", (("f16", "f16"), ("q8_0", "q8_0"), ("q4_0", "q4_0"))),
            _row(*chips, Chip("Q4_K_M", mono=True)),
            _row(chosen, FilterChip("Reasoning"), choice),
            _row(half, off),
            SearchField("Search chats", "Search chats"),
            card,
            plain,
        ]

    def _memory(self) -> list[QWidget]:
        sizes = (18.1, 3.2, 0.7, 1.0)
        full = MemoryParts("RTX 4090", 24 * _GIB, *(int(size * _GIB) for size in sizes))
        tight = MemoryParts("RTX 4090", 24 * _GIB, 24 * _GIB, 4 * _GIB, _GIB, _GIB)
        tiny = MemoryParts("RAM", 64 * _GIB, _GIB // 8, 0, _GIB // 8, 8 * _GIB)
        rows: list[QWidget] = []
        for parts in (full, tight, tiny):
            bar, legend = StackedBar(), MemoryLegend()
            bar.set_parts(parts)
            legend.set_parts(parts)
            rows += [bar, legend]
        for height in (22, 14, 10):
            bar = StackedBar(height=height)
            bar.set_parts(full)
            rows.append(bar)
        return [*rows, StackedBar()]

    def _meters(self) -> list[QWidget]:
        load, unknown = Meter("Load"), Meter("Power")
        load.set_value("97 %", 0.97)
        unknown.set_value("unknown", None)
        others, paused = ThinBar("RAM", by_others=True), ThinBar("Download")
        others.set_share(0.3)
        paused.set_share(0.4)
        paused.set_tone(Tone.WARN)
        busy, idle = Sparkline("Speed"), Sparkline("Speed")
        busy.set_band((34, 41))
        for i in range(120):
            busy.add(None if 40 <= i < 90 else 37 + (i * 7 % 5) / 4)
            idle.add(None)
        return [_row(load, unknown), others, paused, busy, idle]

    def _banners(self) -> list[QWidget]:
        holder = QWidget()
        column = QVBoxLayout(holder)
        steps = (
            NextStep("Load again", "load_again"),
            NextStep("Look again", "look_again"),
            NextStep("Copy report", "copy_report"),
        )
        for kind in BannerKind:
            banner = Banner(holder)  # a banner without a parent would open a window
            detail = (
                "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 512.00 MiB" if kind is BannerKind.BAD else ""
            )
            why = "What happened, why with the numbers, and what to do now as buttons."
            banner.show_message(
                kind, f"A banner: {kind.name.lower()}", why, steps, detail, has_primary=kind is BannerKind.WARN
            )
            column.addWidget(banner)
        return [holder]

    def _shell(self) -> list[QWidget]:
        rails = [NavRail(), NavRail()]
        for rail in rails:
            for key, icon, title in (("home", "house", "Home"), ("downloads", "arrow-down-to-line", "Downloads")):
                rail.add(key, icon, title)
            rail.set_current("home")
            rail.set_badge("downloads", 2)
            rail.setFixedHeight(150)
        rails[1].set_compact(True)
        bars: list[QWidget] = []
        for state in EngineState:
            bar = StatusBar()
            bar.set_state(state)
            bar.set_model("R1-Distill-Qwen-32B Q4_K_M, all 64 layers on RTX 4090, KV cache q8_0")
            bar.set_context(667, 24576)
            bars.append(bar)
        return [_row(*rails), *bars]


def board(rows: list[QWidget], width: int) -> QWidget:
    """The rows under each other on `surface`."""
    card = Card()
    column = QVBoxLayout(card)
    column.setContentsMargins(16, 16, 16, 16)
    column.setSpacing(12)
    for row in rows:
        column.addWidget(row)
        if isinstance(row, SegmentedButtons):
            column.setAlignment(row, Qt.AlignmentFlag.AlignLeft)
    card.setFixedWidth(width)
    card.resize(width, card.heightForWidth(width) if card.hasHeightForWidth() else card.sizeHint().height())
    return card


def picture(widget: QWidget, scale: float) -> QPixmap:
    """The widget at a device pixel ratio."""
    result = QPixmap(widget.size() * scale)
    result.setDevicePixelRatio(scale)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    widget.render(painter, widget.rect().topLeft())
    painter.end()
    return result


def render_all(
    manager: ThemeManager, out: Path, themes: tuple[Tokens, ...] = (LIGHT, DARK, HIGH_CONTRAST)
) -> list[Path]:
    """Write one picture per board and theme, and the light ones at 200 % too."""
    out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    gallery = Gallery()
    for tokens in themes:
        manager.force(tokens)
        for name, make in gallery.boards().items():
            widget = board(make(), 640)
            for scale in (1.0, 2.0) if tokens is LIGHT else (1.0,):
                path = out / f"{name}-{tokens.name}{'@2x' if scale == 2.0 else ''}.png"
                picture(widget, scale).save(str(path))
                written.append(path)
            widget.deleteLater()
    manager.force(None)
    return written


def main(argv: list[str] | None = None) -> int:
    """Render the gallery into a directory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--font", help="a font family in place of the system's")
    options = parser.parse_args(argv)
    qt = QApplication([sys.argv[0]])
    if options.font:
        qt.setFont(QFont(options.font))
    written = render_all(ThemeManager(qt), options.out)
    print(f"{len(written)} pictures in {options.out}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
