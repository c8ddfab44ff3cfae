"""Whether things may move: nothing does when the system asks for less motion."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


def motion_ms(widget: QWidget, wanted_ms: int) -> int:
    """`wanted_ms`, or 0 when the platform has animations switched off."""
    from PySide6.QtWidgets import QStyle  # 10 ms of enums at its first use; nothing moves in the first frame

    allowed = widget.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, widget)
    return wanted_ms if allowed > 0 else 0
