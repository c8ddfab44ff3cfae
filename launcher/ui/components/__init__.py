"""The building blocks of every page. Painted by hand from the theme, reachable by keyboard, named for screen readers.

What the first frame needs is here; `slider` and `sparkline` are imported by their own names.
"""

from __future__ import annotations

from launcher.ui.components.banner import Banner, BannerKind
from launcher.ui.components.buttons import (
    Button,
    ButtonKind,
    ButtonSize,
    DangerButton,
    IconButton,
    LinkButton,
    PrimaryButton,
    SecondaryButton,
)
from launcher.ui.components.card import Card, ClickableCard, Divider, ScrollPage
from launcher.ui.components.chips import Chip, ChipKind, FilterChip
from launcher.ui.components.fields import ComboBox, SearchField
from launcher.ui.components.flow_layout import FlowLayout
from launcher.ui.components.focus_ring import FocusRing
from launcher.ui.components.icon_label import Dot, IconLabel
from launcher.ui.components.memory import MemoryParts, Part, live_parts, part_name, planned_parts
from launcher.ui.components.memory_bar import MemoryLegend, StackedBar, Swatch
from launcher.ui.components.meter import Meter, ThinBar
from launcher.ui.components.motion import motion_ms
from launcher.ui.components.paint import frame
from launcher.ui.components.painted_text import paint_icon_line, paint_line, two_lines
from launcher.ui.components.text import ElidedLabel, Run, SkeletonText, Text
from launcher.ui.components.title_line import TitleLine
from launcher.ui.components.toggles import CheckBox, SegmentedButtons, ToggleSwitch, show_checked

__all__ = [
    "Banner",
    "BannerKind",
    "Button",
    "ButtonKind",
    "ButtonSize",
    "Card",
    "CheckBox",
    "Chip",
    "ChipKind",
    "ClickableCard",
    "ComboBox",
    "DangerButton",
    "Divider",
    "Dot",
    "ElidedLabel",
    "FilterChip",
    "FlowLayout",
    "FocusRing",
    "IconButton",
    "IconLabel",
    "LinkButton",
    "MemoryLegend",
    "MemoryParts",
    "Meter",
    "Part",
    "PrimaryButton",
    "Run",
    "ScrollPage",
    "SearchField",
    "SecondaryButton",
    "SegmentedButtons",
    "SkeletonText",
    "StackedBar",
    "Swatch",
    "Text",
    "ThinBar",
    "TitleLine",
    "ToggleSwitch",
    "frame",
    "live_parts",
    "motion_ms",
    "paint_icon_line",
    "paint_line",
    "part_name",
    "planned_parts",
    "show_checked",
    "two_lines",
]
